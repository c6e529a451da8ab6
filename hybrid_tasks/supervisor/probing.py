"""Asking the instances of one service whether they are well: a new one until it answers, then the serving one."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable
from pathlib import Path

from hybrid_tasks.health.asked import Asked
from hybrid_tasks.health.monitor import Monitor, first_answer
from hybrid_tasks.health.output import new_lines
from hybrid_tasks.logs.store import forget
from hybrid_tasks.model.command import Command
from hybrid_tasks.model.probe import AliveProbe, Probe
from hybrid_tasks.model.service import Service
from hybrid_tasks.model.verdict import Healthy, Verdict
from hybrid_tasks.process.jobs import Job
from hybrid_tasks.supervisor.berths import Berth
from hybrid_tasks.supervisor.ownership import TreeActivity, TreeOwnership

PROBE = "probe"
"""The role of a command that asks a service whether it is well."""

Spawn = Callable[[str, Command], Awaitable[Job]]
Mark = Callable[[socket.socket], None] | None


class Probing:
    """The probe of one service.

    Args:
        service: as configured now.
        spawn: starts an exec probe as a job of the service.
    """

    def __init__(self, service: Service, spawn: Spawn) -> None:
        self.service = service
        self.probe: Probe | None = service.health
        self._spawn = spawn
        self._monitor: Monitor | None = None
        self._failed: Path | None = None

    async def first(self, job: Job, berth: Berth) -> Verdict:
        """Wait for the first healthy answer of an instance.

        Args:
            job: the instance.
            berth: where it listens.
        """
        mark = berth.port.mark if berth.port is not None and berth.seat is None else None
        return await self._answer(job, berth, mark)

    async def again(self, job: Job, berth: Berth) -> Verdict:
        """Wait for the next healthy answer of an instance that serves, once it has done what it was told to do.

        Args:
            job: the instance.
            berth: where it listens.
        """
        return await self._answer(job, berth, None, AliveProbe())

    async def _answer(self, job: Job, berth: Berth, mark: Mark, *before: Probe) -> Verdict:
        assert self.probe is not None  # noqa: S101 - planned before
        died = asyncio.ensure_future(_died(job))
        asked = self._asked(job, berth, mark)
        try:
            for probe in before:
                verdict = await first_answer(probe, self.service.pace, asked, died)
                if not isinstance(verdict, Healthy):
                    return verdict
            return await first_answer(self.probe, self.service.pace, asked, died)
        finally:
            died.cancel()

    async def follow(self, job: Job, berth: Berth, changed: Callable[[Verdict], None]) -> None:
        """Ask this instance, and no other, from time to time.

        Args:
            job: the instance.
            berth: where it listens.
            changed: hears every change of its health.
        """
        await self.stop()
        if self.probe is not None and job.exit is None:
            asked = self._asked(job, berth, None)  # as a client: our own address reaches who is probed
            self._monitor = Monitor(self.probe, self.service.pace, asked, changed)
            self._monitor.start()

    async def stop(self) -> None:
        """Ask nobody any more."""
        monitor, self._monitor = self._monitor, None
        if monitor is not None:
            await monitor.stop()

    def _asked(self, job: Job, berth: Berth, mark: Mark) -> Asked:
        return Asked(
            host=berth.host,
            port=berth.number,
            mark=mark,
            ownership=TreeOwnership(job),
            lines=new_lines(job.log),
            activity=TreeActivity(job),
            run_exec=self._run_exec,
            timeout=self.service.pace.timeout,
        )

    async def _run_exec(self, command: Command, seconds: float) -> tuple[int, str]:
        job = await self._spawn(PROBE, command)
        code = None
        try:
            async with asyncio.timeout(seconds):
                code = (await job.wait()).code
            return code, next(iter(job.tail(1)), "")
        finally:
            if job.exit is None:
                await asyncio.shield(job.stop(0))
            self._tidy(job.log, failed=code != 0)

    def _tidy(self, log: Path, *, failed: bool) -> None:
        """Keep the log of the last probe that failed and of no other: one comes every few seconds for days."""
        if not failed:
            forget(log)
        else:
            if self._failed is not None:
                forget(self._failed)
            self._failed = log


async def _died(job: Job) -> Job:
    """Wait for the end of the program, not for that of what it left behind."""
    await job.wait_code()
    return job
