"""What a runtime wants around each instance: commands before it, programs beside it, commands after it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field

from hybrid_tasks.engine import builder
from hybrid_tasks.engine.builder import Refused
from hybrid_tasks.errors import HybridError
from hybrid_tasks.model.command import Command
from hybrid_tasks.model.service import Service
from hybrid_tasks.plugin import routing
from hybrid_tasks.process.jobs import Job
from hybrid_tasks.supervisor import consulting
from hybrid_tasks.supervisor.crashes import how_ended
from hybrid_tasks.supervisor.remarks import Remarks
from hybrid_tasks.supervisor.setting import Setting
from hybrid_tasks.supervisor.site import Site
from hybrid_tasks.supervisor.starting import Starting

PATIENCE = 10.0
"""Seconds that a command has to give something back."""
TOPIC = "company"


@dataclass(slots=True)
class Companions:
    """What one instance has around it."""

    setting: Setting
    jobs: list[Job] = field(default_factory=list)
    watching: set[asyncio.Task[None]] = field(default_factory=set)
    over: bool = False


class Company:
    """What the instances of one service have around them.

    Args:
        site: what all units share.
        starting: starts the jobs.
        remarks: hear of what ends too early, or badly.
    """

    def __init__(self, site: Site, starting: Starting, remarks: Remarks) -> None:
        self._site = site
        self._starting = starting
        self._remarks = remarks
        self._around: dict[str, Companions] = {}

    async def gather(self, setting: Setting) -> Companions | None:
        """Do what comes before an instance, and start what is beside it.

        Args:
            setting: what the instance is to be started with.

        Returns:
            what is there now, None when the runtime wants nothing.

        Raises:
            HybridError: a command ended with something else than 0, or cannot be started; nothing is left.
        """
        self._remarks.say(TOPIC, None)
        run = setting.run
        if run is None or not (run.prepare or run.sidecars or run.release):
            return None
        here = Companions(setting)
        try:
            for command in run.prepare:
                await self._prepared(setting.service, command)
            for command in run.sidecars:
                await self._beside(here, "sidecar", command)
        except BaseException:
            await asyncio.shield(self.dismiss(here))
            raise
        return here

    def attend(self, job: Job, here: Companions | None, setting: Setting) -> None:
        """Let what is around an instance live as long as that, and what follows its log too.

        Args:
            job: the instance.
            here: what `gather` gave.
            setting: what it was started with.
        """
        follows = consulting.followed(self._site)
        if here is not None or follows:
            self._around[job.run] = here = here or Companions(setting)
            if follows:
                here.watching.add(asyncio.ensure_future(self._follow(job, here)))

    async def leave(self, job: Job, grace: float | None = None) -> None:
        """Hear that an instance is over, and how patient to be with what is around it."""
        if (here := self._around.pop(job.run, None)) is not None:
            await self.dismiss(here, grace)

    async def dismiss(self, here: Companions, grace: float | None = None) -> None:
        """End what was beside an instance, and give back what was taken for it.

        Args:
            here: what is around it.
            grace: seconds until what does not end is killed; None: as for the service.
        """
        here.over = True
        for task in here.watching:
            task.cancel()
        await asyncio.gather(*here.watching, return_exceptions=True)
        await asyncio.gather(*(job.stop(grace) for job in here.jobs))
        await self.do(here.setting.service, "release", here.setting.run.release if here.setting.run else ())

    async def do(self, service: Service, role: str, commands: Iterable[Command]) -> None:
        """Run commands that end something; what fails is told and does not hinder the others.

        Args:
            service: for whose environment.
            role: `release` or `stop`.
            commands: one after the other, each for 10 s at most.
        """
        for command in commands:
            try:
                async with asyncio.timeout(PATIENCE):
                    ended = await builder.run(self._spawn(service), role, command)
                trouble = ended.error if isinstance(ended, Refused) else ""
            except TimeoutError:
                trouble = f"it did not end within {PATIENCE:g} s"
            if trouble:
                first = trouble.splitlines()[0]
                self._remarks.say(TOPIC, f"`{command.argv[0]}`, which gives back what it had, failed: {first}")

    async def _prepared(self, service: Service, command: Command) -> None:
        ended = await builder.run(self._spawn(service), "prepare", command)
        if isinstance(ended, Refused):
            raise HybridError(f"`{command.argv[0]}`, which prepares the start, failed\n{ended.error}")

    async def _follow(self, job: Job, here: Companions) -> None:
        try:
            command = await asyncio.to_thread(routing.log_follower, self._site.host, here.setting.service, job.started)
            if command is not None:
                await self._beside(here, "follower", command)
        except HybridError as error:
            self._remarks.say(TOPIC, f"its log cannot be followed: {error.message}")

    def _spawn(self, service: Service) -> builder.Spawn:
        return lambda role, command: self._starting.beside(service, role, command)

    async def _beside(self, here: Companions, role: str, command: Command) -> None:
        job = await self._starting.beside(here.setting.service, role, command)
        here.jobs.append(job)
        here.watching.add(asyncio.ensure_future(self._watch(here, job, role)))

    async def _watch(self, here: Companions, job: Job, role: str) -> None:
        code = await job.wait_code()
        if not here.over:
            self._remarks.say(TOPIC, f"its {role} `{job.spec.command.argv[0]}` {how_ended(code)} before it did")
