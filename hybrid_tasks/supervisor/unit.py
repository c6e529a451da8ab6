"""One service: the only owner of its state, and the loop that brings what runs in line with what is wanted.

Everything that happens (a save, a crash, a command, the safety tick) only wakes the loop. The loop compares:
wanted or not, the tree against what serves; and has at most one swap in flight.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from pathlib import Path

from hybrid_tasks.engine.order import Order
from hybrid_tasks.errors import HybridError
from hybrid_tasks.model.receipt import Receipt, Result
from hybrid_tasks.model.service import Service
from hybrid_tasks.model.status import Crashed, Finished, Stopped, Unit, Waiting
from hybrid_tasks.model.verdict import Unknown
from hybrid_tasks.process.jobs import Job
from hybrid_tasks.supervisor.crashes import Revival, how_ended
from hybrid_tasks.supervisor.crew import Crew
from hybrid_tasks.supervisor.deciding import UNDEBUG, Deciding, Left, Pause
from hybrid_tasks.supervisor.excuses import excuse
from hybrid_tasks.supervisor.fronting import Front
from hybrid_tasks.supervisor.history import History
from hybrid_tasks.supervisor.kept import Kept
from hybrid_tasks.supervisor.recording import refused, rest_after
from hybrid_tasks.supervisor.serving import Running, Serving
from hybrid_tasks.supervisor.setting import Setting, setting_of
from hybrid_tasks.supervisor.site import Site
from hybrid_tasks.supervisor.source import Source
from hybrid_tasks.supervisor.standing import Standing
from hybrid_tasks.supervisor.swapping import Needs, Swapping
from hybrid_tasks.supervisor.triggers import CRASH, Triggers


class ServiceUnit:
    """One service of the project, from the first `dev-start` to the end of the supervisor.

    Args:
        service: as configured now.
        site: what all units share.
        source: the service's watched files.
        needs: waits until everything the service needs is healthy, and tells what that still is.
        front: stands before services that cannot take a socket.
    """

    def __init__(self, service: Service, site: Site, source: Source, needs: Needs, front: Front) -> None:
        self.service = service
        self.site = site
        self.source = source
        self.crew = Crew(service, site, front)
        self._standing = Standing(service.name, site.bus, lambda state: self.crew.explain(excuse(state)))
        self._serving = Serving(self.crew, self._ended, lambda verdict: self._standing.change(verdict=verdict))
        self._kept = Kept(site.artefacts(service.name), self.crew, site.rush)
        self._revival = Revival(self._revive)
        self._history = History(site)
        self._wake = asyncio.Event()
        self._deciding = Deciding(
            site,
            source,
            self.crew,
            serving=self._serving,
            kept=self._kept,
            history=self._history,
            put=lambda rest: self._standing.change(rest=rest),
        )
        self._swapping = Swapping(
            site,
            source,
            self.crew,
            serving=self._serving,
            kept=self._kept,
            standing=self._standing,
            wake=self._wake,
            needs=needs,
            unwanted=lambda: not self.state.wanted or self._triggers.next is not None,
            started=self._started,
        )
        self.borrowers: set[object] = set()
        """Who alone wants it, and only for a while; empty when it is wanted for good, or not at all."""
        self._triggers = Triggers()
        self._grace: float | None = None
        self._busy = False
        self._loop = asyncio.ensure_future(self._run())

    # what others may ask

    @property
    def state(self) -> Unit:
        """What it is at the moment."""
        return self._standing.now

    @property
    def job(self) -> Job | None:
        """The serving instance; without one the latest, which may have ended."""
        running = self._serving.running
        return running.job if running is not None else self.crew.starting.latest

    @property
    def setting(self) -> Setting | None:
        """What the serving instance was started with."""
        running = self._serving.running
        return setting_of(running.version) if running is not None else None

    def behind(self, configured: Service | None) -> bool:
        """Whether the next start would be of other configuration or another environment. Reads files.

        Args:
            configured: the service as its files describe it now, None when they do not any more.
        """
        return self.crew.starting.behind(configured, self.setting, self.service)

    def want(self, trigger: str = "start", borrower: object = None) -> None:
        """Run it; with another trigger than `start`, swap it also when it runs already; `restart` ends debugging.

        Args:
            trigger: why.
            borrower: who wants it for a while, and leaves it to others afterwards; None: for good.
        """
        if borrower is None:
            self.borrowers.clear()
        elif self.borrowers or not self.state.wanted:
            self.borrowers.add(borrower)
        if trigger == "restart":
            self.crew.debugging = None
        idle = self._serving.running is None and self.state.swap is None
        if trigger != "start" or idle:
            self._triggers.next = trigger
            self._revival.reset()
            if trigger != "start":
                self.source.dirty(None)
        self._standing.change(wanted=True, rest=Waiting(()) if idle else None)
        self._wake.set()

    def unwant(self, *, kill: bool = False) -> None:
        """Stop it; `kill`: without grace."""
        self.borrowers.clear()
        self.crew.debugging = None
        self._grace = 0 if kill else None
        if kill:
            self._serving.hurry()
        self._standing.change(wanted=False)
        self._wake.set()

    @property
    def debugged(self) -> bool:
        """Whether what serves runs under a debugger."""
        return self._serving.running is not None and self._serving.running.version.plain is not None

    @property
    def moved_on(self) -> bool:
        """Whether the source as it was seen last neither serves nor was tried: a swap follows."""
        return self.source.fingerprint not in {self._serving.fingerprint, *self._history.tried}

    @property
    def stopped(self) -> bool:
        """Whether nothing of it runs and nothing is about to."""
        return not self.state.wanted and isinstance(self.state.rest, Stopped) and self.state.swap is None

    @property
    def deciding(self) -> bool:
        """Whether what was asked for last is not answered yet: a receipt that comes meanwhile is of something else."""
        return self._busy or bool(self._triggers)

    @property
    def reviving(self) -> bool:
        """Whether it crashed and will be started again by itself."""
        return self._revival.pending or bool(self._triggers)

    def reconfigure(self, service: Service) -> None:
        """Take changed configuration; it counts from the next swap on."""
        self.service = service
        self.crew.reconfigure(service)
        self.source.reconfigure(service)

    def dirty(self, paths: Iterable[Path] | None) -> None:
        """Hear that files may have changed (None: compare everything)."""
        self.source.dirty(paths)
        self._wake.set()

    def compare(self) -> int:
        """Ask for a comparison of the whole tree now, and give its number for `settled`."""
        number = self.source.compare()
        self._wake.set()
        return number

    def settled(self, number: int) -> Result | None:
        """Say how the source as compared at `number` or later ended: LIVE, FAILED, or None for not yet."""
        reviving = self.reviving and not self._history.failed(self.source.fingerprint)
        busy = self._busy or self._wake.is_set() or reviving or self.source.suspected
        if self.source.compared < number or busy or self.source.current is None:
            return None
        unwatched = not self.service.hot_reload and self._serving.running is not None
        done = isinstance(self.state.rest, Finished) and self._history.lived(self.source.fingerprint)
        if unwatched or done or self._serving.fingerprint == self.source.fingerprint:
            return Result.LIVE
        return None if isinstance(self.state.rest, Waiting) else Result.FAILED

    async def close(self) -> None:
        """Stop it and end the loop."""
        self.unwant()
        while not self.stopped:
            await self.site.bus.changed()
        self._loop.cancel()
        await asyncio.wait({self._loop})
        await self._serving.settled()
        await asyncio.to_thread(self.source.close)  # it may have to wait for a large tree

    # the loop

    async def _run(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            self._busy = True
            try:
                if not self.state.wanted:
                    await self._halt()
                else:
                    await self._act()
            except Exception as error:  # noqa: BLE001 - one service's surprise must not end the others
                self._refused(error)
            finally:
                self._busy = False
                self.site.bus.nudge()

    async def _act(self) -> None:
        """Do what is needed next, if anything is."""
        done = await self._deciding.next(self._triggers.take(), self.state.rest)
        if done is None and (owed := self._triggers.owed()) is not None:
            done = await self._deciding.next(owed, self.state.rest)
        match done:
            case Order() as order:
                self._record(*await self._swapping.work(order))
            case Left(version=version, receipt=receipt):
                self._swapping.adopt(version)
                self._record(receipt)
            case Receipt() as receipt:
                self._record(receipt)
            case Pause(seconds=seconds):
                asyncio.get_running_loop().call_later(seconds, self._wake.set)

    def _record(self, receipt: Receipt, missing: HybridError | None = None) -> None:
        running = self._serving.running
        rest = None if running else self.state.rest  # the end of one that served for a moment is answered already
        self._history.add(receipt, self.source.fingerprint if running else None)
        self._triggers.ended(receipt)
        made_from = self.source.snapshot(running.version.fingerprint) if running else None
        if receipt.result in {Result.LIVE, Result.UNCHANGED} and running is not None and made_from is not None:
            self._serving.later(self._kept.remember(running.version, made_from))
        if running is None and receipt.result is not Result.LIVE:
            rest = rest_after(receipt, missing)
            if isinstance(rest, Crashed) and receipt.trigger == CRASH:
                rest = self._revival.failed(self.service.restart, rest.tail)
            elif isinstance(rest, Crashed) and receipt.before and self._kept.runnable(receipt.fingerprint) is not None:
                self._triggers.next = CRASH  # it ended while its successor was in the making
        if self.debugged and self.crew.debugging is None and not self._triggers and receipt.trigger != UNDEBUG:
            self._triggers.next = UNDEBUG  # what is on disk cannot serve, but what serves can, without its debugger
            self._wake.set()
        self.source.keep((self._serving.fingerprint, self._kept.good.fingerprint if self._kept.good else None))
        self._standing.change(swap=None, rest=rest, last_receipt=self._history.last)
        self.site.bus.publish("receipt", self.service.name, receipt.as_json())

    def _refused(self, error: Exception) -> None:
        about = (self.service.name, self.source.fingerprint or "", error, self._serving.run, self.site.now())
        receipt = refused(*about, trigger=self._triggers.acting or "save")
        self._record(receipt, error if isinstance(error, HybridError) else None)
        if not self.state.wanted:
            self._standing.change(rest=Stopped())

    # what happens by itself

    def _started(self) -> None:
        """Hear of an instance that serves from now on."""
        self._revival.started()
        self._triggers.served()

    def _ended(self, running: Running, code: int) -> None:
        """Answer the end of an instance that nobody stopped."""
        healthy_for = asyncio.get_running_loop().time() - running.healthy_at
        rest = self._revival.ended(self.service.restart, code, running.job.tail(), healthy_for)
        self._history.tried.add(running.version.fingerprint)
        self.crew.note = how_ended(code)
        self._standing.change(serving=None, verdict=Unknown(), rest=rest)

    def _revive(self) -> None:
        if self.state.swap is None:
            self._triggers.next = self._triggers.next or CRASH
            self._wake.set()

    async def _halt(self) -> None:
        self._revival.cancel()
        self._history.tried.clear()
        self._triggers.forget()
        await self._serving.take_out(self._grace)
        await self._serving.settled()
        await self.crew.leave()
        rest = Waiting(()) if self.state.wanted else Stopped()  # it may have been wanted again meanwhile
        self._standing.change(serving=None, verdict=Unknown(), swap=None, rest=rest)
