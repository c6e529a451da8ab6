"""Looking again and again at roots whose file system, or whose exhausted limits, deliver no events."""

# plain strings: path objects for 50,000 files would cost more than reading them
# ruff: noqa: PTH116, PTH118, PTH120
from __future__ import annotations

import os
import stat
import threading
import time
from collections.abc import Callable, Iterator

from hybrid_tasks.engine.content import stamp
from hybrid_tasks.engine.delivery import Delivery
from hybrid_tasks.engine.matcher import GITIGNORE, Matcher
from hybrid_tasks.engine.plan import Directory, Walk

INTERVAL = 2.0
"""Seconds between two looks."""
_SHARE = 50
"""A look may take one part in so many of the time, so that a huge slow root does not eat a core."""


class Polled:
    """What is looked at for one service: all its roots, or single directories of it.

    Args:
        rules: gives the service's rules as they stand on disk now.
        directories: what to look at; None: all roots and single files.
    """

    def __init__(self, rules: Callable[[], Matcher], directories: tuple[str, ...] | None = None) -> None:
        self._rules = rules
        self.directories = directories
        self._before = dict(self._look())

    def changed(self) -> list[str]:
        """Look, and give what differs from the last look: files, and directories that came or went."""
        before, now = self._before, dict(self._look())
        self._before = now
        dirty = [path for path in before.keys() ^ now.keys() if path]
        for path in before.keys() & now.keys():
            was, is_now = before[path], now[path]
            if was != is_now:
                names = [name for name in was.keys() | is_now.keys() if was.get(name) != is_now.get(name)]
                dirty.extend(os.path.join(path, name) for name in names)
        return dirty

    def _look(self) -> Iterator[tuple[str, dict[str, bytes]]]:
        matcher = self._rules()
        for found in self._walk(matcher):
            yield found.path, _stamps(matcher, found)
        if self.directories is None:
            singles = {path: _stamp(path) for path in (*matcher.files, *matcher.above)}
            yield "", {path: state for path, state in singles.items() if state}

    def _walk(self, matcher: Matcher) -> Iterator[Directory]:
        if self.directories is None:
            yield from Walk(matcher, {}).roots()
            return
        for directory in self.directories:
            scope = matcher.inside(os.path.dirname(directory))
            if directory in matcher.roots:
                yield from Walk(matcher, {}).roots(directory)
            elif scope is not None:
                yield from Walk(matcher, {}).below(directory, scope)


class Poller:
    """Looks at everything that has to be polled, in one thread that lives while there is any.

    Args:
        delivery: told what changed.
        interval: seconds between two looks.
    """

    def __init__(self, delivery: Delivery, interval: float = INTERVAL) -> None:
        self._delivery = delivery
        self._interval = interval
        self._awake = threading.Condition()
        self._polled: dict[str, Polled] = {}
        self._thread: threading.Thread | None = None
        self._closed = False

    @property
    def polled(self) -> dict[str, Polled]:
        """What is looked at, by service."""
        with self._awake:
            return dict(self._polled)

    def add(self, name: str, polled: Polled) -> None:
        """Look at something from now on, in place of what was looked at under this name."""
        with self._awake:
            self._polled[name] = polled
            if self._thread is None and not self._closed:
                self._thread = threading.Thread(target=self._run, name="hybrid-polling", daemon=True)
                self._thread.start()

    def remove(self, name: str) -> None:
        """Stop looking; without anything to look at the thread ends."""
        with self._awake:
            self._polled.pop(name, None)
            self._awake.notify()

    def close(self) -> None:
        """Stop looking at everything."""
        with self._awake:
            self._closed = True
            self._polled.clear()
            self._awake.notify()
            thread = self._thread
        if thread is not None:
            thread.join()

    def _run(self) -> None:
        pause = self._interval
        while True:
            with self._awake:
                self._awake.wait_for(lambda: not self._polled, timeout=pause)
                if not self._polled:
                    self._thread = None
                    return
                current = list(self._polled.values())
            began = time.monotonic()
            for polled in current:
                try:
                    self._delivery.mark(*polled.changed())
                except Exception:  # noqa: BLE001 - a look that failed says nothing, so compare everything
                    self._delivery.mark_everything()
            self._delivery.flush()
            pause = max(self._interval, _SHARE * (time.monotonic() - began))


def _stamps(matcher: Matcher, found: Directory) -> dict[str, bytes]:
    stamps: dict[str, bytes] = {}
    rules = (entry for entry in found.files if entry.name == GITIGNORE)  # never content, but content depends on them
    for entry in (*rules, *matcher.counted(found.scope, found.files)):
        try:
            status = entry.stat()
        except OSError:
            continue
        if stat.S_ISREG(status.st_mode):
            stamps[entry.name] = stamp(status)
    return stamps


def _stamp(path: str) -> bytes:
    try:
        return stamp(os.stat(path))
    except OSError:
        return b""
