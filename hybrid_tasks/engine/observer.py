"""One watcher for the whole project: notices that something changed and says where to look.

Level-triggered: a missed or doubled event harms nobody, because the receiver compares content. What cannot be watched
is polled, and said.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from hybrid_tasks.engine.delivery import Delivery, OnDirty
from hybrid_tasks.engine.limits import advice, current
from hybrid_tasks.engine.matcher import Matcher
from hybrid_tasks.engine.mounts import MOUNTINFO, silent_mounts
from hybrid_tasks.engine.plan import Found
from hybrid_tasks.engine.polling import INTERVAL, Polled, Poller
from hybrid_tasks.engine.watches import Owner
from hybrid_tasks.model.watching import Watch

_REMEMBER_LOSS = 600.0
_CHECK_FACTOR = 100_000  # times the processor time of a check until the next one
_LONGEST_CHECK = 600.0  # seconds


class Events(Protocol):
    """What delivers events on a platform."""

    def watch(self, owner: Owner, found: Found | None) -> bool:
        """Watch a service; OSError when it cannot be watched completely.

        Args:
            owner: the service.
            found: told of each directory that is watched.

        Returns:
            whether it was told of all.
        """

    def unwatch(self, name: str) -> None:
        """Forget a service."""

    def close(self) -> None:
        """End all threads."""

    def sound(self) -> bool:
        """Say whether everything planned is really watched."""

    def count(self) -> int:
        """Give the number of watches."""


class Observer:
    """Watches the files of all services of a project.

    Args:
        on_dirty: called from a thread with paths (files, or directories with everything below) that may have changed;
            None: anything may have, compare everything. Never called twice at the same time.
        base: the project's root, where `.gitignore` files begin; None: the first root of each service.
        interval: seconds between two looks at what has to be polled.
        mountinfo: the kernel's list of mounts.
        portable: use watchdog's public interface instead of inotify.
    """

    def __init__(
        self,
        on_dirty: OnDirty,
        base: Path | None = None,
        *,
        interval: float = INTERVAL,
        mountinfo: Path = MOUNTINFO,
        portable: bool = sys.platform != "linux",
    ) -> None:
        self._base = base
        self._mountinfo = mountinfo
        self._portable = portable
        self._lock = threading.RLock()
        self._interval = interval
        self._delivery = Delivery(on_dirty)
        self._poller = Poller(self._delivery, interval)
        self._watched: dict[str, Watch] = {}
        self._limited: dict[str, OSError] = {}
        self._limit = ("", 0)
        self._silent: dict[str, dict[str, str]] = {}
        self._lost: float | None = None
        self._check_again = 0.0
        self._closed = False
        self._said: list[str] = []
        self._events: Events | None = None
        self._begin()

    def watch(self, name: str, watch: Watch, found: Found | None = None) -> Matcher | None:
        """Watch a service's files from now on; on return every later change is noticed.

        Args:
            name: the service; watched anew when it was watched already.
            watch: its roots (directories, single files, or paths that do not exist yet) and patterns.
            found: told of each directory once it is watched, which spares whoever looks at all of them a second walk.

        Returns:
            the rules by which it is watched; None where `found` was not told of all directories: something is polled.
        """
        with self._lock:
            self.unwatch(name)
            self._watched[name] = watch
            silent = self._silent[name] = silent_mounts(_directories(watch), self._mountinfo)
            owner = Owner(name, self._rules(watch), frozenset(silent))
            if silent:
                self._poller.add(name, Polled(owner.rules, tuple(sorted(owner.skip))))
            if self._events is None:
                self._poll(owner, self._limited.get("", OSError(0, "no events")))
                return None
            try:
                complete = self._events.watch(owner, None if silent else found)
            except OSError as error:
                self._poll(owner, error)
                return None
            return owner.matcher if complete and not silent else None

    def unwatch(self, name: str) -> None:
        """Stop watching a service."""
        with self._lock:
            self._watched.pop(name, None)
            self._limited.pop(name, None)
            self._silent.pop(name, None)
            self._poller.remove(name)
            if self._events is not None:
                self._events.unwatch(name)

    def close(self) -> None:
        """Stop watching, end all threads, deliver nothing any more."""
        self._closed = True
        self._poller.close()
        if self._events is not None:
            self._events.close()
        self._delivery.close()

    def tick(self) -> None:
        """Check from time to time, for counting many watches takes milliseconds; while a limit is hit, each time."""
        if self._limited or time.monotonic() >= self._check_again:
            begun = time.thread_time()
            self.check()
            self._check_again = time.monotonic() + min((time.thread_time() - begun) * _CHECK_FACTOR, _LONGEST_CHECK)

    def check(self) -> None:
        """Make sure that everything planned is really watched, and repair what is not; meant for the safety tick."""
        with self._lock:
            if self._closed:
                return
            sound = self._events is not None and self._events.sound()
            raised = bool(self._limited) and self._limit != self._limit_now()
            if sound and not raised:
                return
            if self._events is not None and not sound:
                self._events.close()
                self._begin()
            elif self._events is None and raised:
                self._begin()
            for name, watch in list(self._watched.items()):
                self.watch(name, watch)
            self._delivery.mark_everything()
        self._delivery.flush()

    def warnings(self) -> list[str]:
        """Say what the user should know: what is polled and why, events that were lost, a receiver that fails.

        While a tree is looked at, which may take seconds, it is what was to be said before.
        """
        if self._lock.acquire(blocking=False):
            try:
                self._said = self._to_say()
            finally:
                self._lock.release()
        return self._said

    def polled(self) -> list[Path]:
        """Give the directories and files that are polled."""
        with self._lock:
            found: set[Path] = set()
            for name, polled in self._poller.polled.items():
                paths = polled.directories
                found.update(map(Path, paths) if paths is not None else self._watched[name].roots)
            return sorted(found)

    def watch_count(self) -> int:
        """Ask the kernel how many watches we hold."""
        return self._events.count() if self._events is not None else 0

    def _to_say(self) -> list[str]:
        found = [
            f"`{path}` is on {kind}, which reports no changes: it is looked at every {self._interval:g} s"
            for path, kind in {item for kinds in self._silent.values() for item in kinds.items()}
        ]
        for name, error in self._limited.items():
            roots = self._watched[name].roots if name in self._watched else ()
            why = advice(error)
            found.extend(f"`{root}` is looked at every {self._interval:g} s, because {why}" for root in roots)
        if self._lost is not None and time.monotonic() - self._lost < _REMEMBER_LOSS:
            found.append("file events were lost; rescanned")
        if self._delivery.failure is not None:
            found.append(f"changed files could not be handed over and will be again: {self._delivery.failure}")
        return sorted(found)

    def _begin(self) -> None:
        try:
            self._events = self._make()
        except OSError as error:
            self._events = None
            self._limited[""] = error
            self._limit = self._limit_now()
        else:
            self._limited.pop("", None)

    def _make(self) -> Events:
        if not self._portable:
            try:
                from hybrid_tasks.engine.inotify import Inotify
            except ImportError:  # not Linux, or a watchdog whose inner layer is another
                self._portable = True
            else:
                return Inotify(self._delivery, self._poll, self._events_lost)
        from hybrid_tasks.engine.portable import Portable

        return Portable(self._delivery)

    def _rules(self, watch: Watch) -> Callable[[], Matcher]:
        base = self._base or (watch.roots[0] if watch.roots else Path("/"))
        return lambda: Matcher(base, watch)

    def _poll(self, owner: Owner, error: OSError) -> None:
        """Fall back to polling all of a service; called with events' lock held when a limit is hit later on."""
        self._poller.add(owner.name, Polled(owner.rules))
        self._limited[owner.name] = error
        self._limit = self._limit_now()

    def _limit_now(self) -> tuple[str, int]:
        return current(next(iter(self._limited.values()))) if self._limited else ("", 0)

    def _events_lost(self) -> None:
        self._lost = time.monotonic()


def _directories(watch: Watch) -> list[str]:
    paths = dict.fromkeys(os.path.abspath(path) for path in watch.roots)  # noqa: PTH100 - as the matcher names them
    return [path for path in paths if Path(path).is_dir()]
