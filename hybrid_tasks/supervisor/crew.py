"""The hands of a swap: plans, starts, probes and ends the instances of one service, and owns its port."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from dataclasses import replace
from functools import cache, partial
from pathlib import Path

from hybrid_tasks.engine.keeping import Copy
from hybrid_tasks.engine.order import Driven, Version
from hybrid_tasks.engine.unavailable import Notice
from hybrid_tasks.errors import HybridError, SteeringUnavailable
from hybrid_tasks.logs.store import excerpt
from hybrid_tasks.model.command import Command
from hybrid_tasks.model.debugging import Debugging
from hybrid_tasks.model.plan import Place, ReloadPlan, StartPlan
from hybrid_tasks.model.service import Launch, Listen, Service
from hybrid_tasks.model.status import Blocked
from hybrid_tasks.model.verdict import Unhealthy, Verdict
from hybrid_tasks.model.watching import Burst
from hybrid_tasks.plugin import routing
from hybrid_tasks.process.jobs import Job
from hybrid_tasks.supervisor import consulting
from hybrid_tasks.supervisor.berths import Berths
from hybrid_tasks.supervisor.company import Company
from hybrid_tasks.supervisor.docking import Docking
from hybrid_tasks.supervisor.driving import Drivers, GaveUp
from hybrid_tasks.supervisor.fronting import Front
from hybrid_tasks.supervisor.listening import Way, placed, replaced
from hybrid_tasks.supervisor.occupancy import steered
from hybrid_tasks.supervisor.probing import Probing
from hybrid_tasks.supervisor.remarks import Remarks
from hybrid_tasks.supervisor.setting import Given, Setting, setting_of
from hybrid_tasks.supervisor.site import Site
from hybrid_tasks.supervisor.stacks import whole
from hybrid_tasks.supervisor.starting import Starting
from hybrid_tasks.supervisor.stuck import explained
from hybrid_tasks.supervisor.warmth import Warmth

UNPROVED_GRACE = 1.0
"""Seconds at most that an instance which never served has to end; whoever waits for its port waits as long."""
ACTED = frozenset({"start", "restart", "config", "debug"})


class Crew:
    """Does what the swaps of one service ask for.

    Args:
        service: as configured now.
        site: what all units share.
        front: stands before services that cannot take a socket.
    """

    def __init__(self, service: Service, site: Site, front: Front) -> None:
        self.service = service
        self.note = ""
        self.remarks = Remarks()
        self.warmth = Warmth(service, site, self.remarks)
        self.starting = Starting(site, self.warmth)
        self._site = site
        self._front = front
        self._docking = Docking(Berths(steered, front.leave), front)
        self._berths = self._docking.berths
        self._planned: Setting | None = None
        self._alone = False
        self._begun = False
        self._again = False
        self._drivers = Drivers(site, self.remarks)
        self._company = Company(site, self.starting, self.remarks)
        self.debugging: Debugging | None = None
        """How the next version is debugged; None: it is not."""
        self._probing = Probing(self.starting.ask, self.starting.notified)

    def reconfigure(self, service: Service) -> None:
        """Take changed configuration; it counts from the next swap on."""
        self.service = self.warmth.service = service

    @property
    def beside(self) -> bool:
        """Whether the new instance starts next to the old one."""
        if self.service.launch is Launch.REPLACE or (self.service.launch is Launch.AUTO and self.service.ports):
            return False  # two instances cannot both have its further ports
        return self._berths.next is not None or (self.service.launch is Launch.BESIDE and not self._alone)

    @property
    def launch_name(self) -> str:
        """`beside` or `replace`, as receipts and `dev-status` name it."""
        return "beside" if self.beside else "replace"

    @property
    def listening(self) -> str:
        """How its instances listen, as the status document names it; empty without a port."""
        if self.service.port is None:
            return ""
        return self._berths.listen.value

    async def blocked(self) -> Blocked | None:
        """Say whether something the service needs is not on this machine."""
        if not routing.tools(self._site.host, self.service):
            return None
        return await asyncio.to_thread(consulting.blocked, self._site, self.service)

    async def prepared(self, burst: Burst) -> ReloadPlan:
        """Ask what a burst of changes needs, and clear away what would hide them."""
        plan = await asyncio.to_thread(consulting.reload, self._site, self.service, burst)
        self.note = plan.reason
        self.warmth.prepared(plan, burst)
        return plan

    # a version

    async def plan(self, folder: Path, trigger: str) -> StartPlan:
        """Ask the stack, offering it an inherited socket where that is possible, else a place behind the front.

        A save does not change how the service listens: the stack may read that from source that is broken now.
        """
        site, service = self._site, self.service
        place = self._place(folder, service)
        linux = sys.platform.startswith("linux")
        offer = service.port is not None and service.listen in {Listen.AUTO, Listen.INHERIT} and linux
        settled = self._berths.listen if self._berths.steered and trigger not in ACTED else None
        ask = partial(consulting.begin, debugging=self.debugging, offer=offer, settled=settled)
        lacks = cache(self._front.lacks)

        def spare() -> int | None:
            return self._front.spare() if lacks() is None else None

        def asked() -> tuple[consulting.Beginning, Given]:
            given = self.starting.surroundings.given(service)
            return ask(site, replace(service, environ=given.values), place, spare=spare), given

        begin, given = await asyncio.to_thread(asked)
        plan, run, way, untaken = begin.plan, begin.run, begin.way, None
        if way.listen is not Listen.OWN and (why := self._untaken(way)) is not None:
            untaken, way = why if way.listen is Listen.FRONT else None, Way()
            plan, run = await asyncio.to_thread(consulting.start, site, replace(service, environ=given.values), place)
        self._berths.choose(service, way.listen)
        by_itself = way == Way() and plan.driver is None
        self.remarks.say("front", replaced(service, begin.probe, untaken, lacks) if by_itself else None)
        self._settle(Setting(service, begin.probe, way, given, run))
        return self.warmth.planned(plan, trigger, beside=self.beside)

    def _settle(self, setting: Setting) -> None:
        """Remember what this version is to be started with, and whether the one before has to go first."""
        self._planned = setting
        both = self._berths.in_the_way(self.service)
        self._alone = self._berths.next is None and (both or setting.way.debugging is not None)
        if self._alone and self.service.launch is Launch.BESIDE and both:
            self.note = f"replaced instead of started beside: both need port {self.service.port}"

    def _place(self, folder: Path, service: Service) -> Place:
        return Place(folder, service.port, service.host, cache=self._site.cache(service.name))

    async def spare(self, version: Version, copy: Copy) -> Version:
        """Give what runs a kept copy of a version's source."""
        setting = self._of(version)
        place = placed(replace(self._place(version.folder, setting.service), source=copy.root), setting.way)
        told = replace(setting.service, environ=setting.given.values if setting.given is not None else None)
        plan, _ = await asyncio.to_thread(consulting.start, self._site, told, place)
        return replace(version, program=plan.program, copy=copy, plain=plan.plain)

    # jobs

    async def spawn(self, role: str, command: Command) -> Job:
        """Start a job of the service."""
        return await self.starting.beside(self.service, role, command)

    async def launch(self, version: Version) -> Job:
        """Start an instance: on a slot of our port, behind the front, or on a port nobody else holds."""
        self._begun, setting = True, self._of(version)
        self._drivers.introduce(self.service.name, version.driver)
        start = partial(self.starting.instance, setting, tree=version.copy is None)
        company = await self._company.gather(setting)
        try:
            job = await self._docking.launch(setting.service, setting.way, version.program, start)
        except BaseException:
            if company is not None:
                await asyncio.shield(self._company.dismiss(company))
            raise
        self._company.attend(job, company, setting)
        return job

    def _of(self, version: Version) -> Setting:
        setting = setting_of(version) or self._planned
        assert setting is not None  # noqa: S101 - planned before
        return setting

    async def probe(self, job: Job, failing: Callable[[str], None]) -> Verdict:
        """Wait for the first healthy answer of this instance; `failing` hears why there is none yet."""
        answer = self._probing.first(job, self._docking.of(job, self.service), self.starting.setting(job), failing)
        verdict = await self._drivers.first(job, answer)
        self._again = self.warmth.doubted(job, verdict)
        if isinstance(verdict, Unhealthy):
            self._docking.unproved(job)
        return verdict

    def again(self) -> bool:
        """Whether the last probe failed for how the instance was started, and another way is left."""
        return self._again

    async def follow(self, driven: Driven, burst: Burst) -> str | None:
        """See what a driver makes of a change: None once its program answers anew, else why it does not."""
        self.note = f"left to {driven.driver.name}"
        berth, setting = self._docking.of(driven.job, self.service), self.starting.setting(driven.job)
        return await self._drivers.follow(driven, burst, self._probing, berth, setting)

    async def nudge(self, job: Job, signal: str) -> Verdict:
        """Send a serving instance a signal, and wait for its next healthy answer."""
        self.note = note = f"sent {signal}: {self.note}".removesuffix(": ")
        job.signal(signal)
        await job.signalled()
        verdict = await self._probing.again(job, self._docking.of(job, self.service), self.starting.setting(job))
        if isinstance(verdict, Unhealthy):
            self.note = f"{note}; started anew, for {verdict.reason}"
        return verdict

    async def why(self, job: Job, verdict: Verdict) -> str:
        """Explain why an instance did not become healthy; it may be ended by that, for it is dropped next."""
        reason = verdict.reason if isinstance(verdict, Unhealthy) else "it never answered"
        if isinstance(verdict, GaveUp):
            return "\n".join((reason, *await asyncio.to_thread(excerpt, job.log)))
        setting = self.starting.setting(job)
        asked = (setting.service, self._docking.of(job, setting.service), setting.probe)
        under = setting.way.debugging
        return await explained(job, reason, *asked, spawn=self.spawn, environ=self._site.client, debugging=under)

    async def stacks(self, job: Job, *, end: bool) -> list[str]:
        """Say what the threads of an instance are doing, by its `end` where there is no other way and that is wanted.

        Raises:
            HybridError: it cannot be asked, or not like that.
        """
        at = self.starting.setting(job).way.debugging
        if at is not None and not at.within:
            raise HybridError(f"`{self.service.name}` is under {at.adapter}, which can be asked itself", at.note)
        return await whole(job, self.service.name, self.spawn, self._site.client, end=end)

    def serve(self, job: Job) -> None:
        """Send every new connection to this instance."""
        self._docking.serve(job)
        self.warmth.served()

    async def monitor(self, job: Job, changed: Callable[[Verdict], None]) -> None:
        """Ask this instance, and no other, from time to time."""
        await self._probing.follow(job, self._docking.of(job, self.service), self.starting.setting(job), changed)

    @property
    def ending(self) -> tuple[Job, ...]:
        """The instances that are on their way out."""
        return tuple(self._docking.ending)

    async def retire(self, job: Job, grace: float | None = None) -> None:
        """End an instance, by default after it has accepted and, behind the front, answered what was sent to it.

        Args:
            job: the instance.
            grace: seconds until it is killed, counted from now; None: its own, once it has finished.
        """
        try:
            await self._docking.retire(job, grace)
        finally:
            self.starting.gone(job)
            await self._company.leave(job, grace)

    async def drop(self, job: Job) -> None:
        """End an instance that was never proved."""
        await self.retire(job, min(UNPROVED_GRACE, job.spec.stop.grace))

    def explain(self, notice: Notice) -> None:
        """Tell waiting clients why nothing serves."""
        self._berths.explain(notice)

    async def leave(self) -> None:
        """Give everything back that the service held."""
        await self._probing.stop()
        await self.warmth.leave()
        begun, self._begun = self._begun, False
        if begun:
            stopping = await asyncio.to_thread(routing.stop_commands, self._site.host, (self.service,))
            await self._company.do(self.service, "stop", stopping)
        await self._berths.close()

    def _untaken(self, way: Way) -> str | None:
        """Own the port; say why not where connections cannot be steered."""
        try:
            self._berths.choose(self.service, way.listen)
        except SteeringUnavailable as reason:
            self.note = f"replaced instead of started beside: {reason.message}"
            return reason.message
        return None
