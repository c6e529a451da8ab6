"""Everything one supervisor has: the project, its units, its files; and how they come and go together."""

from __future__ import annotations

import asyncio
import gc
import os
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from hybrid_tasks.control.paths import hybrid_dir, socket_path
from hybrid_tasks.engine.observer import Observer
from hybrid_tasks.env.passing import passes
from hybrid_tasks.journal import state as statefile
from hybrid_tasks.journal.receipts import Receipts
from hybrid_tasks.journal.runs import Runs
from hybrid_tasks.journal.state import State
from hybrid_tasks.model.events import Event
from hybrid_tasks.model.status import Blocked, Finished
from hybrid_tasks.model.verdict import Healthy
from hybrid_tasks.plugin import routing
from hybrid_tasks.process.identity import boot_id, project_identity
from hybrid_tasks.process.jobs import Jobs
from hybrid_tasks.supervisor import footing
from hybrid_tasks.supervisor.addresses import Addresses
from hybrid_tasks.supervisor.bus import Bus
from hybrid_tasks.supervisor.chronicle import Chronicle
from hybrid_tasks.supervisor.figures import Figures
from hybrid_tasks.supervisor.fronting import FRONT, Front
from hybrid_tasks.supervisor.halts import Halts
from hybrid_tasks.supervisor.loaded import Loaded, load
from hybrid_tasks.supervisor.memory import Memory
from hybrid_tasks.supervisor.neighbours import set_apart
from hybrid_tasks.supervisor.order import STEP, service_needs, step_needs
from hybrid_tasks.supervisor.site import Site
from hybrid_tasks.supervisor.source import TICK, Source
from hybrid_tasks.supervisor.steps import Steps
from hybrid_tasks.supervisor.sweep import sweep
from hybrid_tasks.supervisor.telling import Telling
from hybrid_tasks.supervisor.unit import ServiceUnit

Missing = Callable[[tuple[str, ...]], None]
LAST_WORDS = 1.0
"""Seconds at the end for observers to hear what they have not heard yet."""
MOST_ASTRAY = 2
"""Looks at a root that is not the project's until we end."""


class Estate:
    """What the supervisor of one project has while it lives.

    Args:
        root: the project's directory.
        folder: the state folder.
        environ: of the client that started us.
        jobs: the door through which anything is started.
        runs: the run ids that were given out.
    """

    def __init__(self, root: Path, folder: Path, environ: Mapping[str, str], jobs: Jobs, runs: Runs) -> None:
        self.root = root
        self.bus = Bus()
        self.units: dict[str, ServiceUnit] = {}
        self.loaded: Loaded | None = None
        self.figures = Figures()
        self.halts = Halts()
        self.began = time.time()
        self.ending = asyncio.Event()
        self.notes: list[str] = []
        self.hybrid = hybrid_dir(root, environ)
        self._environ = dict(environ)
        self._folder = folder
        self._before = statefile.read(folder / statefile.FILE)
        self.memory = Memory(folder / statefile.FILE)
        self._receipts = Receipts(folder / "receipts.jsonl")
        self._runs = runs
        self._identity = project_identity(root)
        self._jobs = jobs
        self._observer: Observer | None = None
        self._site: Site | None = None
        self._front: Front | None = None
        self._steps: Steps | None = None
        self._chronicle: Chronicle | None = None
        self._ticking: asyncio.Task[None] | None = None
        self._loop = asyncio.get_running_loop()
        self._telling = Telling(self._tell, self._observed)
        self._inode = _inode(root)
        self._astray = 0
        self._lock = asyncio.Lock()

    async def load(self, environ: Mapping[str, str] | None, mode: str | None = None, *, acting: bool = False) -> Loaded:
        """Give the project as its files describe it now.

        Args:
            environ: of the client that asks; None: of the last one.
            mode: to resolve for; None: the one in force.
            acting: the client starts something, so its environment is that of the services from now on.

        Raises:
            Mistakes: the configuration is wrong; what runs goes on as it was.
        """
        async with self._lock:
            if environ is not None and acting:
                self._environ = dict(environ)
            if environ is not None and self.loaded is not None:
                self.loaded.host.forgive()
            known = self.loaded
            mode = mode or (known.project.mode if known else None)
            if known is None or known.changed() or mode != known.project.mode:
                known = await asyncio.to_thread(load, self.root, self._environ, mode, known.host if known else None)
                self.loaded = known
                set_apart(self.units.values(), known.project.services)
            if self._site is not None:
                self._site.project, self._site.client = known.project, self._environ
            return known

    async def ready(self) -> list[str]:
        """Open what starting something needs, once: the sweep, the template of the shims, the watcher.

        Returns:
            what the user should read about it.
        """
        async with self._lock:
            if self._site is not None or self.loaded is None:
                return []
            footing.own(self.hybrid)
            ended, strangers = await sweep(self._identity, self._runs)
            told = [f"ended {ended} processes that a killed supervisor had left behind"] if ended else []
            told += strangers
            self.notes += told
            await self._jobs.open()
            self._observer = Observer(self._noticed, self.root)
            project = self.loaded.project
            addresses = Addresses(socket_path(self.root, self._environ).with_suffix(".notify"))
            self._site = Site(
                project, self.loaded.host, self._jobs, self.bus, self._receipts, self.hybrid, addresses, self._environ
            )
            self._front = Front(self._site, self._folder / FRONT)
            self._steps = Steps(self._site, self._met)
            self.bus.listen(self._telling.hear)
            self._chronicle = Chronicle(self.root, self._site.logs, lambda name: self.units[name].state)
            self.bus.listen(self._chronicle.hear)
            self._ticking = asyncio.ensure_future(self._tick())
            gc.freeze()  # what was loaded stays; looking through all of it would take 20 ms in the middle of a swap
            gc.enable()
            return told

    def unit(self, name: str) -> ServiceUnit:
        """Give the unit of a service, made at its first use."""
        assert self.loaded and self._site and self._observer and self._front  # noqa: S101, PT018 - `ready` came before
        if name not in self.units:
            service = self.loaded.project.services[name]
            source = Source(service, self._site, self._observer)
            self.units[name] = ServiceUnit(service, self._site, source, partial(self._needs, name), self._front)
        return self.units[name]

    async def reconfigured(self, unit: ServiceUnit) -> bool:
        """Hand a unit its service as configured now; True when that or its environment differs."""
        assert self.loaded is not None  # noqa: S101
        service = self.loaded.project.services.get(unit.service.name)
        if service is None:
            return False
        if service == unit.service:
            return unit.state.wanted and await asyncio.to_thread(unit.behind, service)
        unit.reconfigure(service)
        return True

    def restorable(self) -> tuple[str, ...]:
        """What was wanted when an earlier supervisor ended without being asked to; empty after a clean end."""
        if self._before is None or self.loaded is None or self.units:
            return ()
        return tuple(name for name in self._before.wanted if name in self.loaded.project.services)

    def earlier_mode(self) -> str | None:
        """The mode in which that was started, if there still is one of that name."""
        mode = self._before.mode if self._before and self._before.wanted else None
        return mode if self.loaded and mode in self.loaded.project.modes else None

    def taken_over(self) -> None:
        """Hear that the user has said anew what is wanted, so that what was before counts no more."""
        self._before = None

    def remember(self) -> None:
        """Have written down what is wanted, unless an earlier supervisor's state still waits to be restored."""
        if self._before is not None and self._before.wanted:
            return
        wanted = tuple(name for name, unit in self.units.items() if unit.state.wanted)
        project = self.loaded.project if self.loaded else None
        patterns, mode = (project.pass_env, project.mode) if project else ((), None)
        client = {name: value for name, value in self._environ.items() if passes(name, patterns)}
        self.memory.keep(State(str(self.root), boot_id(), mode, wanted, client, os.getpid()))

    def all_notes(self) -> list[str]:
        """What the user should read beside the state of the services."""
        lost = (self.memory.trouble, self._receipts.trouble, self._front and self._front.trouble)
        return [*self.notes, *filter(None, lost), *(self._observer.warnings() if self._observer else ())]

    def idle(self) -> bool:
        """Whether nothing is wanted and nothing runs."""
        return all(not unit.state.wanted and unit.stopped for unit in self.units.values())

    async def close(self, *, wanted: bool) -> None:
        """End everything.

        Args:
            wanted: keep what is wanted in the state file, because nobody asked to stop it.
        """
        if not wanted:
            self.remember()
        if self._observer is not None:
            await asyncio.to_thread(self._observer.close)
        if self._ticking is not None:
            self._ticking.cancel()
        await asyncio.gather(*(unit.close() for unit in self.units.values()))
        if self._front is not None:
            await self._front.close()
        if self._chronicle is not None:
            self._chronicle.close()
        await self._jobs.close()
        if self._site is not None:
            await self._site.announcing.close()
            self._site.notify.close()
        await self.memory.kept()
        await asyncio.to_thread(self._telling.close, LAST_WORDS)
        self._runs.close()

    async def _needs(self, name: str, missing: Missing) -> None:
        """Wait until what a service needs is there."""
        await self._met(self.units[name].service.needs, missing)

    async def _met(self, needs: tuple[str, ...], missing: Missing = lambda _: None) -> None:
        """Wait until steps have run and services are well."""
        assert self._steps is not None and self.loaded is not None  # noqa: S101, PT018
        for step in step_needs(needs):
            missing((STEP + step, *self._absent(needs)))
            await self._steps.done(self.loaded.project.steps[step])
        while left := self._absent(needs):
            missing(left)
            await self.bus.changed()

    def _absent(self, needs: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(name for name in service_needs(needs) if not self._there(name))

    def _there(self, name: str) -> bool:
        unit = self.units.get(name)
        if unit is None:
            return False
        state = unit.state
        excused = unit.service.optional and isinstance(state.rest, Blocked)
        healthy = state.serving is not None and isinstance(state.verdict, Healthy)
        return excused or healthy or isinstance(state.rest, Finished)

    async def _tick(self) -> None:
        """Compare trees from time to time although nothing was heard: events only make it fast."""
        while True:
            await asyncio.sleep(TICK)
            self.look_at_root()
            if self._observer is not None:
                await asyncio.to_thread(self._observer.tick)
            for unit in self.units.values():
                if unit.state.serving is not None and unit.source.due(time.monotonic()):
                    unit.dirty(None)

    def look_at_root(self) -> None:
        """End when the project has been moved away or replaced for two looks: nothing here is its own any more."""
        self._astray = 0 if _inode(self.root) == self._inode else self._astray + 1
        if self._astray >= MOST_ASTRAY:
            self.notes.append(f"`{self.root}` is not the project any more")
            self.ending.set()

    def _noticed(self, paths: frozenset[Path] | None) -> None:
        """Hear from the watcher's thread."""
        self._loop.call_soon_threadsafe(self._dirty, paths)

    def _dirty(self, paths: frozenset[Path] | None) -> None:
        for unit in self.units.values():
            if paths is None or unit.source.concerns(paths):
                unit.dirty(paths)

    def _tell(self, event: Event) -> None:
        if self.loaded is not None:
            routing.tell(self.loaded.host, event)

    def _observed(self) -> bool:
        return self.loaded is not None and any(self.loaded.host.guests.having("on_event"))


def _inode(root: Path) -> tuple[int, int] | None:
    try:
        found = root.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino
