"""One service: the only owner of its state, and the loop that brings what runs in line with what is wanted.

Everything that happens (a save, a crash, a command, the safety tick) only wakes the loop. The loop compares:
wanted or not, the tree against what serves; and has at most one swap in flight.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import replace
from pathlib import Path

from hybrid_tasks.engine.swap import Order, Version
from hybrid_tasks.errors import HybridError
from hybrid_tasks.model.receipt import Receipt, Result
from hybrid_tasks.model.service import Service
from hybrid_tasks.model.status import Crashed, InFlight, Stopped, Unit, Waiting
from hybrid_tasks.model.verdict import Healthy, Unknown
from hybrid_tasks.process.jobs import Job
from hybrid_tasks.supervisor.crashes import Revival, how_ended
from hybrid_tasks.supervisor.crew import Crew
from hybrid_tasks.supervisor.deciding import Deciding, Pause
from hybrid_tasks.supervisor.history import History
from hybrid_tasks.supervisor.kept import Kept
from hybrid_tasks.supervisor.racing import carry_out
from hybrid_tasks.supervisor.recording import receipt_of, refused, rest_after, surprise
from hybrid_tasks.supervisor.serving import Running, Serving
from hybrid_tasks.supervisor.site import Site
from hybrid_tasks.supervisor.source import Source


class ServiceUnit:
    """One service of the project, from the first `dev-start` to the end of the supervisor.

    Args:
        service: as configured now.
        site: what all units share.
        source: the service's watched files.
        needs: waits until everything the service needs is healthy.
    """

    def __init__(self, service: Service, site: Site, source: Source, needs: Callable[[], Awaitable[None]]) -> None:
        self.service = service
        self.site = site
        self.source = source
        self.crew = Crew(service, site)
        self.state = Unit(service.name)
        self._serving = Serving(self.crew, self._ended, lambda verdict: self._set(verdict=verdict))
        self._kept = Kept(site.artefacts(service.name), self.crew)
        self._revival = Revival(self._revive)
        self._needs = needs
        self._history = History(site)
        self._deciding = Deciding(
            site,
            source,
            self.crew,
            serving=self._serving,
            kept=self._kept,
            history=self._history,
            put=lambda rest: self._set(rest=rest),
        )
        self._making: str | None = None
        self._trigger: str | None = None
        self._grace: float | None = None
        self._busy = False
        self._switching = False
        self._revived = False
        self._looked = asyncio.Event()
        self._wake = asyncio.Event()
        self._loop = asyncio.ensure_future(self._run())

    # what others may ask

    def want(self, trigger: str = "start") -> None:
        """Run it; with another trigger than `start`, swap it also when it runs already."""
        idle = self._serving.running is None and self.state.swap is None
        if trigger != "start" or idle:
            self._trigger = trigger
            self._revival.reset()
            if trigger != "start":
                self.source.dirty(None)
        self._set(wanted=True, rest=Waiting(()) if idle else None)
        self._wake.set()

    def unwant(self, *, kill: bool = False) -> None:
        """Stop it; `kill`: without grace."""
        self._grace = 0 if kill else None
        if kill:
            self._serving.hurry()
        self._set(wanted=False)
        self._wake.set()

    @property
    def stopped(self) -> bool:
        """Whether nothing of it runs and nothing is about to."""
        return not self.state.wanted and isinstance(self.state.rest, Stopped) and self.state.swap is None

    @property
    def reviving(self) -> bool:
        """Whether it crashed and will be started again by itself."""
        return self._revival.pending or self._trigger is not None

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
        busy = self._busy or self._wake.is_set() or self.reviving or self.source.suspected
        if self.source.compared < number or busy or self.source.current is None:
            return None
        unwatched = not self.service.hot_reload and self._serving.running is not None
        if unwatched or self._serving.fingerprint == self.source.fingerprint:
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
        self.source.close()

    # what a swap asks of its owner

    def stage(self, name: str) -> None:
        """Hear which stage begins."""
        self._set(swap=InFlight(name, self.site.now()))
        self.site.bus.publish("stage", self.service.name, {"stage": name})

    async def gate(self) -> None:
        """Wait for what the service needs, unless an older instance serves already."""
        if self._serving.running is None and self.service.needs:
            self._set(swap=InFlight("gate", self.site.now()), rest=Waiting(self.service.needs))
            await self._needs()

    async def quiet(self) -> None:
        """Wait until saving has paused; never returns when the source has moved on (the swap is cancelled)."""
        self.crew.note = await self.source.quiet() or self.crew.note
        while await self.source.moved(self._making):
            self._looked.clear()
            self._wake.set()
            await self._looked.wait()  # cancelled by who looks, unless the save was undone meanwhile

    async def retire(self) -> None:
        """Stop the old instance before its replacement starts."""
        await self._serving.take_out()
        self._set(serving=None, verdict=Unknown())
        self._wake.set()

    async def switch(self, job: Job, version: Version) -> None:
        """Let the new instance serve, and the old one finish what it has."""
        self._switching = True
        self._serving.put(job, version)
        self._revival.started()
        instance = self._serving.described(self.crew.launch_name, self.service.port)
        restarts = self.state.restarts + self._revived
        self._set(serving=instance, verdict=Healthy(), rest=None, restarts=restarts)

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
            except HybridError as error:
                self._refused("\n".join(error.lines()).removeprefix("error: "), error)
            except Exception as error:  # noqa: BLE001 - one service's surprise must not end the others
                self._refused(surprise(error), None)
            finally:
                self._busy = False
                self.site.bus.nudge()

    async def _act(self) -> None:
        """Do what is needed next, if anything is."""
        trigger, self._trigger = self._trigger, None
        match await self._deciding.next(trigger, self.state.rest):
            case Order() as order:
                await self._work(order)
            case Receipt() as receipt:
                self._record(receipt)
            case Pause(seconds=seconds):
                asyncio.get_running_loop().call_later(seconds, self._wake.set)

    async def _work(self, order: Order) -> None:
        """Carry out a swap, and end it early when it is not wanted any more or the source has moved on."""
        begun, before, self._making = self.site.now(), self._serving.run, order.snapshot.fingerprint
        self._revived = order.trigger == "crash"
        self.source.began()
        try:
            outcome = await carry_out(order, self.crew, self, self._wake, overtaken=self._overtaken, fixed=self._fixed)
        finally:
            self._switching = False
            self.source.ended()
        root, launch, note = self.site.project.root, self.crew.launch_name, self.crew.note
        name, missing = self.service.name, outcome.missing if outcome else None
        receipt = receipt_of(order, outcome, name, root=root, launch=launch, at=begun, before=before, note=note)
        self._record(receipt, missing)

    def _fixed(self) -> bool:
        """Whether the swap in flight must not be cancelled at this moment."""
        return self._switching or self._serving.changing

    async def _overtaken(self) -> bool:
        self._wake.clear()
        if not self.state.wanted or self._trigger is not None:
            return True
        moved = await self.source.moved(self._making)
        if not moved:
            self._looked.set()
        return moved

    def _record(self, receipt: Receipt, missing: HybridError | None = None) -> None:
        running = self._serving.running
        rest = None if running else self.state.rest  # the end of one that served for a moment is answered already
        self._history.add(receipt, self.source.fingerprint if running else None)
        if receipt.result is Result.LIVE and running is not None and self.source.current is not None:
            self._serving.later(self._kept.remember(running.version, self.source.current))
        if running is None and receipt.result is not Result.LIVE:
            rest = rest_after(receipt, missing)
            if isinstance(rest, Crashed) and receipt.trigger == "crash":
                rest = self._revival.failed(self.service.restart, rest.tail)
            elif isinstance(rest, Crashed) and receipt.before and self._kept.runnable(receipt.fingerprint) is not None:
                self._trigger = "crash"  # it ended while its successor was in the making
        self.source.keep((self._serving.fingerprint, self._kept.good.fingerprint if self._kept.good else None))
        self.crew.trouble(receipt.error)
        self._set(swap=None, rest=rest, last_receipt=self._history.last)
        self.site.bus.publish("receipt", self.service.name, receipt.as_json())

    def _refused(self, words: str, error: HybridError | None) -> None:
        receipt = refused(self.service.name, self.source.fingerprint or "", words, self._serving.run, self.site.now())
        self._record(receipt, error)
        if not self.state.wanted:
            self._set(rest=Stopped())

    # what happens by itself

    def _ended(self, running: Running, code: int) -> None:
        """Answer the end of an instance that nobody stopped."""
        healthy_for = asyncio.get_running_loop().time() - running.healthy_at
        rest = self._revival.ended(self.service.restart, code, running.job.tail(), healthy_for)
        self._history.tried.add(running.version.fingerprint)
        self.crew.note = how_ended(code)
        self.crew.trouble(f"it {self.crew.note}")
        self._set(serving=None, verdict=Unknown(), rest=rest)

    def _revive(self) -> None:
        if self.state.swap is None:
            self._trigger = self._trigger or "crash"
            self._wake.set()

    async def _halt(self) -> None:
        self._revival.cancel()
        self._history.tried.clear()
        self._trigger = None
        await self._serving.take_out(self._grace)
        await self._serving.settled()
        await self.crew.leave()
        rest = Waiting(()) if self.state.wanted else Stopped()  # it may have been wanted again meanwhile
        self._set(serving=None, verdict=Unknown(), swap=None, rest=rest)

    def _set(self, **changes: object) -> None:
        state = replace(self.state, **changes)  # type: ignore[arg-type]
        if state != self.state:
            self.state = state
            self.site.bus.publish("state", self.service.name)
