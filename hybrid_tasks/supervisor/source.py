"""The watched files of one service as its unit sees them: what is on disk now, and when saving has paused."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable
from pathlib import Path

from hybrid_tasks.engine.observer import Observer
from hybrid_tasks.engine.snapshot import Tree, changes
from hybrid_tasks.model.service import Service
from hybrid_tasks.model.watching import Burst, Snapshot
from hybrid_tasks.plugin import routing
from hybrid_tasks.supervisor.site import Site

EMPTY = Snapshot({}, "")
TICK = 30.0
TICK_FACTOR = 2000


class Source:
    """What a service is made from.

    Args:
        service: whose files.
        site: what all units share.
        observer: tells that files may have changed.
    """

    def __init__(self, service: Service, site: Site, observer: Observer) -> None:
        self.current: Snapshot | None = None
        self._service = service
        self._site = site
        self._observer = observer
        self._tree: Tree | None = None
        self._roots: tuple[str, ...] = ()
        self._dirty: set[Path] = set()
        self._all = True
        self._snapshots: dict[str, Snapshot] = {}
        self._one_at_a_time = asyncio.Lock()
        self._looked = (0.0, 0.0)

    def dirty(self, paths: Iterable[Path] | None) -> None:
        """Note that files may have changed (None: compare everything)."""
        if paths is None:
            self._all = True
        else:
            self._dirty.update(paths)

    def concerns(self, paths: Iterable[Path]) -> bool:
        """Whether one of these may be a watched file."""
        return any(str(path).startswith(self._roots) for path in paths)

    async def refresh(self) -> Snapshot:
        """Look at what may have changed, and give the content as it is now."""
        async with self._one_at_a_time:
            if self._tree is None:
                await asyncio.to_thread(self._open)
            paths = None if self._all else self._dirty
            self._all, self._dirty = False, set()
            if self.current is None or paths is None or paths:
                self.current = await asyncio.to_thread(self._look, paths)
                self._snapshots[self.current.fingerprint] = self.current
            return self.current

    def due(self, now: float) -> bool:
        """Whether the whole tree should be compared, in case an event was lost.

        Args:
            now: monotonic seconds.
        """
        ended, took = self._looked
        return self._service.hot_reload and now - ended >= max(TICK, took * TICK_FACTOR)

    def since(self, fingerprint: str | None) -> Burst:
        """What changed since a version was made; empty when there was none."""
        before = self._snapshots.get(fingerprint or "")
        return changes(before, self.current or EMPTY) if before is not None else Burst(())

    def keep(self, fingerprints: Iterable[str | None]) -> None:
        """Forget all snapshots but these and the current one."""
        wanted = {*fingerprints, self.current.fingerprint if self.current else None}
        self._snapshots = {key: value for key, value in self._snapshots.items() if key in wanted}

    def close(self) -> None:
        """Stop watching."""
        self._observer.unwatch(self._service.name)

    def _open(self) -> None:
        watch = routing.watch(self._site.host, self._service)
        self._roots = tuple(str(root) for root in watch.roots)
        if self._service.hot_reload:
            self._observer.watch(self._service.name, watch)
        self._tree = Tree(watch, self._site.project.root)
        self._tree.scan()

    def _look(self, paths: Iterable[Path] | None) -> Snapshot:
        assert self._tree is not None  # noqa: S101 - opened before
        begun = time.monotonic()
        self._tree.refresh(paths)
        if paths is None:
            self._looked = (time.monotonic(), time.monotonic() - begun)
        return self._tree.snapshot()
