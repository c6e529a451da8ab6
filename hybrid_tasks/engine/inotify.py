"""Events on Linux: one inotify instance and one thread for all services, on watchdog's reader.

Watchdog's `schedule` costs a thread each, cannot prune ignored directories and swallows the kernel's limits, so this
module uses the layer below: `InotifyFD` places single watches, says when it cannot, and reads the events. What they
mean is decided here. Every event only says where to look.
"""

# plain strings: path objects for 50,000 files would cost more than reading them
# ruff: noqa: PTH112, PTH114
from __future__ import annotations

import itertools
import os
import threading
from collections.abc import Callable

from watchdog.observers.inotify_c import CallbackId, InotifyConstants, InotifyEvent, Mask, WatchDescriptor

from hybrid_tasks.engine.delivery import Delivery
from hybrid_tasks.engine.limits import exhausted
from hybrid_tasks.engine.matcher import GITIGNORE, Scope
from hybrid_tasks.engine.plan import Found
from hybrid_tasks.engine.reader import Reader
from hybrid_tasks.engine.watches import Node, Owner, Watches

_MASK = Mask(
    InotifyConstants.IN_CLOSE_WRITE
    | InotifyConstants.IN_MODIFY
    | InotifyConstants.IN_ATTRIB
    | InotifyConstants.IN_CREATE
    | InotifyConstants.IN_DELETE
    | InotifyConstants.IN_MOVE
    | InotifyConstants.IN_DELETE_SELF
    | InotifyConstants.IN_MOVE_SELF
    | InotifyConstants.IN_ONLYDIR
)
_COMPLETE = InotifyConstants.IN_CLOSE_WRITE | InotifyConstants.IN_MOVED_TO | InotifyConstants.IN_ISDIR
_APPEARED = InotifyConstants.IN_CREATE | InotifyConstants.IN_MOVED_TO
_LEFT = InotifyConstants.IN_DELETE | InotifyConstants.IN_MOVED_FROM
_SELF = InotifyConstants.IN_DELETE_SELF | InotifyConstants.IN_MOVE_SELF


class Inotify:
    """Watches services by inotify.

    Args:
        delivery: told what may have changed.
        surrender: called when a limit keeps a service from being watched completely.
        lost: called when the kernel dropped events.

    Raises:
        OSError: no inotify instance is to be had.
    """

    def __init__(
        self, delivery: Delivery, surrender: Callable[[Owner, OSError], None], lost: Callable[[], None]
    ) -> None:
        self._delivery = delivery
        self._surrender = surrender
        self._lost = lost
        self._lock = threading.RLock()
        self._ids = itertools.count(1)
        self._placed: dict[int, CallbackId] = {}
        self._watches = Watches(self._add, self._remove)
        self._owners: dict[str, Owner] = {}
        self._replan: dict[str, Owner] = {}
        self._closed = False
        self._reader = Reader(self._batch_ended, self._event_failed)
        self._reader.start()

    def watch(self, owner: Owner, found: Found | None) -> bool:
        """Watch a service; see `Events`.

        Raises:
            OSError: a limit is reached; nothing of it is watched.
        """
        with self._lock:
            try:
                self._watches.plan(owner, found)
            except OSError:
                self._watches.drop(owner)
                raise
            self._owners[owner.name] = owner
        return True

    def unwatch(self, name: str) -> None:
        """Forget a service."""
        with self._lock:
            owner = self._owners.pop(name, None)
            self._replan.pop(name, None)
            if owner is not None:
                self._watches.drop(owner)

    def close(self) -> None:
        """End the thread and give the instance back."""
        self._closed = True
        self._reader.stop()
        self._reader.join()

    def sound(self) -> bool:
        """Say whether the thread lives and the kernel has a watch for every directory we think is watched."""
        with self._lock:
            if not self._reader.is_alive():
                return False
            return self._reader.behind() or self._reader.watches() >= len(self._watches.nodes)

    def count(self) -> int:
        """Ask the kernel how many watches there are."""
        return self._reader.watches()

    # watchdog's callbacks, in the reader's thread

    def on_event(self, event: InotifyEvent) -> None:
        """Note what an event is about."""
        with self._lock:
            node = self._watches.nodes.get(event.wd)
            if node is None or self._closed:
                return
            if event.mask & _SELF:
                self._directory_itself(node, event)
            elif event.name:
                self._entry(node, event, os.fsdecode(event.name))

    def on_watch_deleted(self, wd: WatchDescriptor) -> None:
        """Forget a watch that the kernel took away."""
        with self._lock:
            self._placed.pop(wd, None)
            if not self._closed:
                self._ended(self._watches.gone(wd))

    def on_queue_overflow(self) -> None:
        """Look at everything again: no telling which events were lost."""
        with self._lock:
            self._replan.update(self._owners)
        self._delivery.mark_everything()
        self._lost()

    def _directory_itself(self, node: Node, event: InotifyEvent) -> None:
        views = [(owner, path) for owner, path, _ in node.views]
        self._ended(views)
        if event.mask & InotifyConstants.IN_MOVE_SELF:
            for owner, path in views:
                self._watches.forget(owner, path)

    def _ended(self, views: list[tuple[Owner, str]]) -> None:
        for owner, path in views:
            self._delivery.mark(path)
            if path in owner.matcher.roots or path in owner.matcher.files:
                self._replan[owner.name] = owner

    def _entry(self, node: Node, event: InotifyEvent, name: str) -> None:
        for claim in tuple((node.names or {}).get(name, ())):
            self._note(claim.report, event.mask)
            if claim.replan or event.mask & InotifyConstants.IN_ISDIR:
                self._replan[claim.owner.name] = claim.owner
        for owner, directory, scope in tuple(node.views):
            path = f"{directory}/{name}" if directory != "/" else f"/{name}"
            if event.mask & InotifyConstants.IN_ISDIR:
                self._subdirectory(owner, scope, path, name, event.mask)
            else:
                self._file(owner, scope, path, name, event.mask)

    def _subdirectory(self, owner: Owner, scope: Scope, path: str, name: str, mask: int) -> None:
        if owner.matcher.prunes(scope, path, name) and path not in owner.matcher.roots:
            return
        if mask & _LEFT:
            self._watches.forget(owner, path)
            self._delivery.mark(path)
        elif mask & _APPEARED or path not in owner.paths:  # a changed mode may have made it readable
            self._grow(owner, scope, path)

    def _file(self, owner: Owner, scope: Scope, path: str, name: str, mask: int) -> None:
        if name == GITIGNORE:
            self._replan[owner.name] = owner
            self._delivery.mark(path)
            return
        if mask & _APPEARED and os.path.islink(path):
            if os.path.isdir(path) and not owner.matcher.prunes(scope, path, name):
                self._watches.forget(owner, path)
                self._grow(owner, scope, path)
                return
            if owner.matcher.takes(scope, path, name):
                self._watches.link(owner, path)
        elif mask & _LEFT and path in owner.paths:  # a symlink to a directory
            self._watches.forget(owner, path)
            self._delivery.mark(path)
            return
        if owner.matcher.takes(scope, path, name):
            self._note(path, mask)

    def _note(self, path: str, mask: int) -> None:
        if mask & _COMPLETE or (mask & _APPEARED and os.path.islink(path)):
            self._delivery.mark(path)
        else:
            self._delivery.mark_unfinished(path)

    def _grow(self, owner: Owner, scope: Scope, path: str) -> None:
        try:
            self._watches.grow(owner, path, scope)
        except OSError as error:
            self._give_up(owner, error)
        self._delivery.mark(path)

    # the reader's thread, around events

    def _batch_ended(self) -> None:
        with self._lock:
            while self._replan and not self._closed:
                _, owner = self._replan.popitem()
                try:
                    self._watches.plan(owner)
                except OSError as error:
                    self._give_up(owner, error)
        self._delivery.flush()

    def _event_failed(self, error: Exception) -> None:  # noqa: ARG002 - nothing in it tells which file it was
        self._delivery.mark_everything()

    def _give_up(self, owner: Owner, error: OSError) -> None:
        self._watches.drop(owner)
        self._owners.pop(owner.name, None)
        self._delivery.mark_everything()
        self._surrender(owner, error)

    # single watches

    def _add(self, path: str) -> int:
        ident = CallbackId(next(self._ids))
        try:
            number = self._reader.add_callback(os.fsencode(path), _MASK, self, ident)
        except OSError as error:
            if exhausted(error):
                raise
            return -1
        if number < 0 or number in self._placed:  # not permitted, or the same directory by another name
            self._reader.remove_callbacks([(number, ident)])
        else:
            self._placed[number] = ident
        return number

    def _remove(self, number: int) -> None:
        ident = self._placed.pop(number, None)
        if ident is not None:
            self._reader.remove_callbacks([(WatchDescriptor(number), ident)])
