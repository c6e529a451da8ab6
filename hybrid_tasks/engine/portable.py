"""Events where there is no inotify (macOS): watchdog's own observer, one recursive schedule a root.

FSEvents watches a whole tree for the price of one directory, so nothing needs pruning there; ignored paths are
filtered out as their events arrive.
"""

# plain strings: path objects for 50,000 files would cost more than reading them
# ruff: noqa: PTH112, PTH119, PTH120
from __future__ import annotations

import os
import threading
from pathlib import Path

from watchdog.events import (
    DirCreatedEvent,
    DirDeletedEvent,
    DirModifiedEvent,
    DirMovedEvent,
    FileClosedEvent,
    FileCreatedEvent,
    FileDeletedEvent,
    FileModifiedEvent,
    FileMovedEvent,
    FileSystemEvent,
    FileSystemEventHandler,
)
from watchdog.observers import Observer as WatchdogObserver
from watchdog.observers.api import ObservedWatch

from hybrid_tasks.engine.delivery import Delivery
from hybrid_tasks.engine.matcher import GITIGNORE
from hybrid_tasks.engine.plan import Found
from hybrid_tasks.engine.watches import Owner

# without a filter watchdog 7.1 also asks for open events, and its own walk over a big tree overflows the queue for ever
_EVENTS: list[type[FileSystemEvent]] = [
    FileCreatedEvent,
    FileModifiedEvent,
    FileClosedEvent,
    FileMovedEvent,
    FileDeletedEvent,
    DirCreatedEvent,
    DirMovedEvent,
    DirDeletedEvent,
]


class Portable:
    """Watches services with watchdog's public interface.

    Args:
        delivery: told what may have changed.
    """

    def __init__(self, delivery: Delivery) -> None:
        self._delivery = delivery
        self._lock = threading.RLock()
        self._observer = WatchdogObserver()
        self._observer.start()
        self._scheduled: dict[str, list[ObservedWatch]] = {}

    def watch(self, owner: Owner, _found: Found | None) -> bool:
        """Watch a service; see `Events`.

        Raises:
            OSError: a root cannot be watched; nothing of the service is.
        """
        owner.matcher = owner.rules()
        handler = _Handler(owner, self._delivery)
        places = {(root, True) for root in owner.matcher.roots if root not in owner.skip}
        single = (*owner.matcher.files, *owner.matcher.above)
        places |= {(os.path.dirname(path), False) for path in single if os.path.isdir(os.path.dirname(path))}
        scheduled = self._scheduled.setdefault(owner.name, [])
        with self._lock:
            try:
                for path, recursive in sorted(places):
                    scheduled.append(self._observer.schedule(handler, path, recursive=recursive, event_filter=_EVENTS))
            except OSError:
                self.unwatch(owner.name)
                raise
        return False

    def unwatch(self, name: str) -> None:
        """Forget a service."""
        with self._lock:
            for watch in self._scheduled.pop(name, []):
                self._observer.unschedule(watch)

    def close(self) -> None:
        """End all threads."""
        self._observer.stop()
        self._observer.join()

    def sound(self) -> bool:
        """Say whether the threads live."""
        return self._observer.is_alive() and all(emitter.is_alive() for emitter in self._observer.emitters)

    def count(self) -> int:
        """Give the number of schedules."""
        return len(self._observer.emitters)


class _Handler(FileSystemEventHandler):
    def __init__(self, owner: Owner, delivery: Delivery) -> None:
        self._owner = owner
        self._delivery = delivery

    def dispatch(self, event: FileSystemEvent) -> None:
        try:
            for path in (event.src_path, event.dest_path):
                if path and not isinstance(event, DirModifiedEvent):
                    self._note(os.fsdecode(path), is_dir=event.is_directory)
        except Exception:  # noqa: BLE001 - raised here it would end watchdog's thread
            self._delivery.mark_everything()
        self._delivery.flush()

    def _note(self, path: str, *, is_dir: bool) -> None:
        matcher = self._owner.matcher
        if os.path.basename(path) == GITIGNORE:
            self._owner.matcher = self._owner.rules()
            self._delivery.mark(path)
        elif path in matcher.roots or (
            not matcher.ignored(Path(path), is_dir=True) if is_dir else matcher.counts(Path(path))
        ):
            self._delivery.mark(path)
