"""The watched files of one service as its unit sees them: what is on disk now, and when saving has paused."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Iterable
from dataclasses import replace
from functools import partial
from pathlib import Path

from hybrid_tasks.engine.bursts import Quiet
from hybrid_tasks.engine.gitops import Operations
from hybrid_tasks.engine.observer import Observer
from hybrid_tasks.engine.snapshot import Tree, changes
from hybrid_tasks.engine.storms import Go, Loops, Wait
from hybrid_tasks.model.service import Service
from hybrid_tasks.model.status import Held
from hybrid_tasks.model.watching import Burst, Snapshot, Watch
from hybrid_tasks.plugin import routing
from hybrid_tasks.supervisor.authorship import accounted, age, witness
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
        self.waiting: str | None = None
        """Which git operation a swap waits for at the moment."""
        self.compared = 0
        self._asked = 0
        self._service = service
        self._site = site
        self._observer = observer
        self._tree: Tree | None = None
        self._watch: Watch | None = None
        self._moved: frozenset[Path] = frozenset()
        self._renamed = ("", "")
        self._ask_again = False
        self._roots: tuple[str, ...] = ()
        self._dirty: set[Path] = set()
        self._all = True
        self._snapshots: dict[str, Snapshot] = {}
        self._one_at_a_time = asyncio.Lock()
        self._looked = (0.0, 0.0)
        self._quiet: Quiet | None = None
        self._git = Operations(site.project.root)
        self._loops = Loops(service.name, (service.directory, *service.watch))
        self._judged: Go | Wait | Held = Go()
        self._wait_until = 0.0
        self._accounted = accounted(service.directory)

    @property
    def fingerprint(self) -> str | None:
        """Of the content as last seen."""
        return self.current.fingerprint if self.current else None

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
            number, paths, ask_again = self._asked, None if self._all else self._dirty, self._ask_again
            if self._tree is None or ask_again or paths is None or paths:
                self._all, self._dirty, self._ask_again = False, set(), False
                try:
                    self._take(await asyncio.to_thread(self._look, paths, ask_again))
                except BaseException:
                    self.dirty(paths)  # not looked at yet
                    self._ask_again = self._ask_again or ask_again
                    raise
            self.compared = number
            assert self.current is not None  # noqa: S101 - just taken
            return self.current

    async def moved(self, fingerprint: str | None) -> bool:
        """Look whether the content is not what a version was made from any more; what is held does not count."""
        return (await self.refresh()).fingerprint != fingerprint and self.held is None

    async def quiet(self) -> str | None:
        """Wait until saving has paused and git is not in the middle of something.

        Returns:
            None, or that the wait for git was given up.
        """
        assert self._quiet is not None  # noqa: S101 - opened before
        self.waiting, given_up = self._git.look()
        if self.waiting is not None:
            text = f"{self._service.name}: {self.waiting}; waits for its end"
            self._site.bus.publish("note", self._service.name, {"text": text})
            try:
                given_up = await self._git.ended()
            finally:
                self.waiting = None
        while (seconds := self._quiet.remaining()) > 0:  # noqa: ASYNC110 - the time itself is waited for
            await asyncio.sleep(seconds)
        return given_up

    def began(self) -> None:
        """Hear that our own work on the service begins."""
        self._loops.began()

    def ended(self, pid: int | None) -> None:
        """Hear that our own work on the service is over; it may need other files now.

        Args:
            pid: of what serves now.
        """
        self._loops.ended(None if pid is None or not self._accounted else witness(pid))
        self._ask_again = True

    def compare(self) -> int:
        """Have the whole tree compared at the next look because somebody asked; its number is in `compared` then."""
        self._asked += 1
        self.vouch()
        self.dirty(None)
        return self._asked

    def vouch(self) -> None:
        """Hear that somebody asked for the reload; nothing is held or delayed on suspicion."""
        self._loops.vouch()
        self._judged = Go()
        self._wait_until = 0.0

    def reconfigure(self, service: Service) -> None:
        """Take changed configuration: what is watched is asked for anew."""
        self._service = service
        self._tree = None
        self._loops = Loops(service.name, (service.directory, *service.watch))
        self.vouch()

    @property
    def suspected(self) -> bool:
        """Whether a feedback loop is suspected and nothing was tried since."""
        return isinstance(self._judged, Wait)

    def tried(self) -> None:
        """Hear that a suspected change is acted on all the same."""
        if self.suspected:
            self._judged = Go()

    @property
    def held(self) -> Held | None:
        """Why it is not reloaded any more: it keeps changing its own source."""
        return self._judged if isinstance(self._judged, Held) else None

    @property
    def delay(self) -> float:
        """Seconds for which nothing should be started, because a feedback loop is suspected."""
        return max(0.0, self._wait_until - time.monotonic())

    def due(self, now: float) -> bool:
        """Whether the whole tree should be compared, in case an event was lost.

        Args:
            now: monotonic seconds.
        """
        ended, took = self._looked
        return self._service.hot_reload and now - ended >= max(TICK, took * TICK_FACTOR)

    def snapshot(self, fingerprint: str) -> Snapshot | None:
        """Give the content that a version was made from, as long as it is kept."""
        return self._snapshots.get(fingerprint)

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

    def _take(self, new: Snapshot) -> None:
        """Remember the content, and judge how it came to change."""
        new = self._recognized(new)
        old, self.current = self.current, new
        self._snapshots[new.fingerprint] = new
        if old is None or old.fingerprint == new.fingerprint or self._quiet is None:
            return
        files = changes(old, new).files
        self._quiet.saw(files)
        self._judged = self._loops.changed(files, age(files))
        self._wait_until = time.monotonic() + self._judged.seconds if isinstance(self._judged, Wait) else 0.0

    def _recognized(self, new: Snapshot) -> Snapshot:
        """Give content its old fingerprint when all that is new is which files are left out as another service's.

        The service has not changed by that, so that whatever was made from it counts as made from it now.
        """
        moved, self._moved = self._moved, frozenset()
        if moved and self.current is not None:
            files = changes(self.current, new).files
            if all(not moved.isdisjoint((file, *file.parents)) for file in files):
                self._renamed = (new.fingerprint, self.current.fingerprint)
        name, before = self._renamed
        return replace(new, fingerprint=before) if new.fingerprint == name else new

    def _look(self, paths: Iterable[Path] | None, ask_again: bool) -> Snapshot:
        """Look at paths (None: at everything), and at everything when other files are watched than before."""
        begun, tree = time.monotonic(), self._tree
        if tree is None or (ask_again and self._elsewhere()):
            tree, paths = self._open(), None
        else:
            tree.refresh(paths)
        if paths is None:
            self._looked = (time.monotonic(), time.monotonic() - begun)
        return tree.snapshot()

    def _elsewhere(self) -> bool:
        """Whether the stack names other files than those that are watched: a program may import more than before."""
        return routing.watch(self._site.host, self._service) != self._watch

    def _open(self) -> Tree:
        """Watch what the stack names, and look at it from then on."""
        self._tree = None
        before, watch = self._watch, routing.watch(self._site.host, self._service)
        if before is not None and replace(before, apart=watch.apart) == watch:
            self._moved |= frozenset(before.apart).symmetric_difference(watch.apart)
        self._watch = watch
        self._quiet = Quiet(routing.debounce(self._site.host, self._service))
        self._roots = tuple(os.path.normpath(root) for root in watch.roots)
        tree = Tree(watch, self._site.project.root)
        watching = partial(self._observer.watch, self._service.name, watch) if self._service.hot_reload else None
        tree.scan(watching)
        self._tree = tree
        return tree
