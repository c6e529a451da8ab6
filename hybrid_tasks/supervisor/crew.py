"""The hands of a swap: plans, starts, probes and ends the instances of one service, and owns its port."""

from __future__ import annotations

import asyncio
import socket
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from hybrid_tasks.engine.keeping import Copy
from hybrid_tasks.engine.order import Version
from hybrid_tasks.engine.unavailable import Notice
from hybrid_tasks.errors import SteeringUnavailable
from hybrid_tasks.logs.store import excerpt
from hybrid_tasks.model.command import Command
from hybrid_tasks.model.plan import Place, ReloadPlan, StartPlan
from hybrid_tasks.model.service import Launch, Listen, Service
from hybrid_tasks.model.status import Blocked
from hybrid_tasks.model.verdict import Unhealthy, Verdict
from hybrid_tasks.model.watching import Burst
from hybrid_tasks.process.jobs import Job, JobSpec
from hybrid_tasks.supervisor import consulting
from hybrid_tasks.supervisor.berths import Berth, Berths
from hybrid_tasks.supervisor.occupancy import nobody_else, steered
from hybrid_tasks.supervisor.probing import PROBE, Probing
from hybrid_tasks.supervisor.remarks import Remarks
from hybrid_tasks.supervisor.site import Site
from hybrid_tasks.supervisor.surroundings import Surroundings

DRAIN_SECONDS = 2.0
UNPROVED_GRACE = 1.0
"""Seconds at most that an instance which never served has to end; whoever waits for its port waits as long."""
ACTED = frozenset({"start", "restart", "config"})


class Crew:
    """Does what the swaps of one service ask for.

    Args:
        service: as configured now.
        site: what all units share.
    """

    def __init__(self, service: Service, site: Site) -> None:
        self.service = service
        self.note = ""
        self.remarks = Remarks()
        self.surroundings = Surroundings(site)
        self._site = site
        self._berths = Berths(steered)
        self._inherits: dict[Path, bool] = {}
        self._alone = False
        self._ending: set[Job] = set()
        self.probing = Probing(service, self.spawn)

    def reconfigure(self, service: Service) -> None:
        """Take changed configuration; it counts from the next swap on."""
        self.service = self.probing.service = service

    @property
    def beside(self) -> bool:
        """Whether the new instance starts next to the old one."""
        if self.service.launch is Launch.REPLACE:
            return False
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
        return "inherit" if self._berths.steered else "own"

    async def blocked(self) -> Blocked | None:
        """Say whether something the service needs is not on this machine."""
        return await asyncio.to_thread(consulting.blocked, self._site, self.service)

    async def prepared(self, burst: Burst) -> ReloadPlan:
        """Ask what a burst of changes needs, and clear away what would hide them."""
        plan = await asyncio.to_thread(consulting.reload, self._site, self.service, burst)
        self.note = plan.reason
        return plan

    # a version

    async def plan(self, folder: Path, trigger: str) -> StartPlan:
        """Ask the stack, offering it an inherited socket where that is possible.

        A save does not change how the service listens: the stack may read that from source that is broken now.
        """
        site, service = self._site, self.service
        place = self._place(folder)
        linux = sys.platform.startswith("linux")
        offer = service.port is not None and service.listen in {Listen.AUTO, Listen.INHERIT} and linux
        settled = self._berths.steered and trigger not in ACTED
        begin = await asyncio.to_thread(consulting.begin, site, service, place, offer=offer, settled=settled)
        self.probing.probe, plan = begin.probe, begin.plan
        inherits = begin.inherits and self._take_port()
        if not inherits:
            self._berths.choose(service, inherit=False)
            if begin.inherits:
                plan = await asyncio.to_thread(consulting.start, site, service, place)
        self._settle(folder, inherits=inherits)
        return plan

    def _settle(self, folder: Path, *, inherits: bool) -> None:
        """Remember how this version listens, and whether the one before has to go first."""
        self._inherits = {kept: how for kept, how in self._inherits.items() if kept.is_dir()} | {folder: inherits}
        self._alone = self._berths.next is None and self._berths.in_the_way(self.service)
        if self._alone and self.service.launch is Launch.BESIDE:
            self.note = f"replaced instead of started beside: both need port {self.service.port}"

    def _place(self, folder: Path) -> Place:
        service = self.service
        return Place(folder, service.port, service.host, cache=self._site.cache(service.name))

    async def spare(self, version: Version, copy: Copy) -> Version:
        """Give what runs a kept copy of a version's source."""
        inherits = self._inherits.get(version.folder, self._berths.steered)
        listen_fd = consulting.LISTEN_FD if inherits else None
        place = replace(self._place(version.folder), listen_fd=listen_fd, source=copy.root)
        plan = await asyncio.to_thread(consulting.start, self._site, self.service, place)
        return replace(version, program=plan.program, copy=copy)

    # jobs

    async def spawn(self, role: str, command: Command) -> Job:
        """Start a job of the service."""
        return await self._start(role, command, await asyncio.to_thread(self.surroundings.values, self.service))

    async def _instance(self, command: Command, listener: socket.socket | None = None) -> Job:
        """Start an instance, on a socket of ours or on a port that nobody else has."""
        environment = await asyncio.to_thread(self._given, self.service, binds=listener is None)
        return await self._start("instance", command, environment, listener)

    def _given(self, service: Service, *, binds: bool) -> dict[str, str]:
        """Give the environment of an instance, unless it `binds` a port that somebody else has; blocks."""
        if binds:
            nobody_else(service)
        return self.surroundings.values(service, instance=True)

    async def _start(
        self, role: str, command: Command, environment: Mapping[str, str], listener: socket.socket | None = None
    ) -> Job:
        service = self.service
        spec = JobSpec(
            service=service.name,
            role=role,
            command=command,
            env={**environment, **command.env},
            log_dir=self._site.logs(service.name),
            stop=service.stop,
            listeners=() if listener is None else (listener,),
        )
        job = await self._site.jobs.start(spec)
        if role != PROBE:
            self._site.announcing.started(job, self._site.colour(service.name))
        return job

    async def launch(self, version: Version) -> Job:
        """Start an instance, on a slot of our port or on a port nobody else holds."""
        service = self.service
        self._berths.choose(service, inherit=self._inherits.get(version.folder, self._berths.steered))
        if self._berths.next is None:
            await asyncio.gather(*(job.wait() for job in self._ending))  # what is left of one that crashed
        port = await self._berths.ready()
        if port is None:
            job = await self._instance(version.program)
            self._berths.take(job.run, Berth(service.host, service.port))
            return job
        slot = port.free_slot()
        try:
            job = await self._instance(version.program, port.listener(slot))
        except BaseException:
            await asyncio.shield(port.rescue(slot))
            raise
        self._berths.take(job.run, Berth(service.host, service.port, port, slot))
        port.probe(slot)
        return job

    async def probe(self, job: Job) -> Verdict:
        """Wait for the first healthy answer of this instance."""
        berth = self._berths.of(job.run)
        verdict = await self.probing.first(job, berth or Berth(self.service.host, self.service.port))
        if isinstance(verdict, Unhealthy) and berth is not None and berth.port is not None:
            berth.port.probe(None)
        return verdict

    async def nudge(self, job: Job, signal: str) -> Verdict:
        """Send a serving instance a signal, and wait for its next healthy answer."""
        self.note = note = f"sent {signal}: {self.note}".removesuffix(": ")
        job.signal(signal)
        await job.signalled()
        verdict = await self.probing.again(job, self._berths.of(job.run) or Berth(self.service.host, self.service.port))
        if isinstance(verdict, Unhealthy):
            self.note = f"{note}; started anew, for {verdict.reason}"
        return verdict

    def why(self, job: Job, verdict: Verdict) -> str:
        """Give the excerpt that explains why an instance did not become healthy."""
        reason = verdict.reason if isinstance(verdict, Unhealthy) else "it never answered"
        return "\n".join((reason, *excerpt(job.log)))

    def serve(self, job: Job) -> None:
        """Send every new connection to this instance."""
        berth = self._berths.of(job.run)
        if berth is not None and berth.port is not None:
            berth.port.serve(berth.slot)
            berth.port.probe(None)

    async def monitor(self, job: Job, changed: Callable[[Verdict], None]) -> None:
        """Ask this instance, and no other, from time to time."""
        await self.probing.follow(job, self._berths.of(job.run) or Berth(self.service.host, self.service.port), changed)

    @property
    def ending(self) -> tuple[Job, ...]:
        """The instances that are on their way out."""
        return tuple(self._ending)

    async def retire(self, job: Job, grace: float | None = None) -> None:
        """End an instance, by default after it has accepted what was queued for it.

        Args:
            job: the instance.
            grace: seconds until it is killed, counted from now; None: its own, once it has finished.
        """
        self._ending.add(job)
        try:
            await self._retire(job, grace)
        finally:
            self._ending.discard(job)

    async def _retire(self, job: Job, grace: float | None) -> None:
        berth = self._berths.leave(job.run)
        try:
            if berth is None or berth.port is None:
                await job.stop(grace)
                return
            port, slot = berth.port, berth.slot
            if stopping := port.serving == slot:
                port.serve(None)
            if job.exit is None and grace is None and not (stopping and port is self._berths.next):
                await port.drained(slot, DRAIN_SECONDS)
            await job.stop(grace)
            await port.rescue(slot)
        finally:
            await self._berths.left(job.run)

    async def drop(self, job: Job) -> None:
        """End an instance that was never proved."""
        await self.retire(job, min(UNPROVED_GRACE, self.service.stop.grace))

    def explain(self, notice: Notice) -> None:
        """Tell waiting clients why nothing serves."""
        self._berths.explain(notice)

    async def leave(self) -> None:
        """Give everything back that the service held."""
        await self.probing.stop()
        await self._berths.close()

    def _take_port(self) -> bool:
        """Own the port; False where connections cannot be steered."""
        try:
            self._berths.choose(self.service, inherit=True)
        except SteeringUnavailable as reason:
            self.note = f"replaced instead of started beside: {reason.message}"
            return False
        return True
