"""Asking the instances of one service whether they are well: a new one until it answers, then the serving one."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

from hybrid_tasks.health.asked import Asked, Ready
from hybrid_tasks.health.monitor import LAST_PAUSE, LOOKS, Monitor, first_answer
from hybrid_tasks.health.output import new_lines
from hybrid_tasks.logs.probed import note
from hybrid_tasks.logs.store import forget
from hybrid_tasks.model.command import Command
from hybrid_tasks.model.probe import AliveProbe, HttpProbe, Probe, TcpProbe
from hybrid_tasks.model.verdict import Healthy, Unhealthy, Verdict
from hybrid_tasks.process.jobs import Job
from hybrid_tasks.supervisor.berths import Berth
from hybrid_tasks.supervisor.debugged import come_up
from hybrid_tasks.supervisor.ownership import Newer, NewOwnership, TreeActivity, TreeOwnership
from hybrid_tasks.supervisor.setting import Setting

SAME = 2.0
"""Seconds for which the processes of a driver have to be the same ones, where they are at work all the time."""
PROBE = "probe"
"""The role of a command that asks a service whether it is well."""

Spawn = Callable[[Command, Setting], Awaitable[Job]]
Listening = Callable[[Job], Ready | None]
Mark = Callable[[socket.socket], None] | None


class Probing:
    """Asks the instances of one service, each as it was to be asked when it was started.

    Args:
        spawn: starts an exec probe as a job of the service.
        ready: hears what an instance says of itself.
    """

    def __init__(self, spawn: Spawn, ready: Listening) -> None:
        self._spawn = spawn
        self._ready = ready
        self._monitor: Monitor | None = None
        self._failed: Path | None = None

    async def first(
        self, job: Job, berth: Berth, setting: Setting, failing: Callable[[str], None] | None = None
    ) -> Verdict:
        """Wait for the first healthy answer of an instance.

        Args:
            job: the instance.
            berth: where it listens.
            setting: what it was started with.
            failing: hears from time to time why it has not given one yet.
        """
        mark = berth.port.mark if berth.port is not None and berth.seat is None else None
        answer = self._answer(job, berth, mark, setting, failing=failing)
        if (debugging := setting.way.debugging) is not None:
            return await come_up(job, debugging, answer, setting.service.pace.start_period)
        return await answer

    async def again(self, job: Job, berth: Berth, setting: Setting) -> Verdict:
        """Wait for the next healthy answer of an instance that serves, once it has done what it was told to do.

        Args:
            job: the instance.
            berth: where it listens.
            setting: what it was started with.
        """
        return await self._answer(job, berth, None, setting, AliveProbe())

    async def renewed(self, job: Job, berth: Berth, setting: Setting, newer: Newer) -> Verdict:
        """Wait for the first healthy answer of what a driver has started anew.

        Args:
            job: the driver.
            berth: where its program listens.
            setting: what it was started with.
            newer: its processes that count.
        """
        if not isinstance(setting.probe, HttpProbe | TcpProbe):
            try:
                async with asyncio.timeout(setting.service.pace.start_period):
                    await _come_up(newer, TreeActivity(job))
            except TimeoutError:
                return Unhealthy(f"it is not up after {setting.service.pace.start_period:g} s")
        return await self._answer(job, berth, None, setting, ownership=NewOwnership(job, newer))

    async def doubt(self) -> None:
        """Ask the serving instance now: something has happened to it."""
        if self._monitor is not None:
            await self._monitor.doubt()

    async def _answer(
        self,
        job: Job,
        berth: Berth,
        mark: Mark,
        setting: Setting,
        *before: Probe,
        ownership: TreeOwnership | None = None,
        failing: Callable[[str], None] | None = None,
    ) -> Verdict:
        died = asyncio.ensure_future(_died(job))
        asked = replace(self._asked(job, berth, mark, setting), failing=failing)
        asked = asked if ownership is None else replace(asked, ownership=ownership)
        try:
            for probe in before:
                verdict = await first_answer(probe, setting.service.pace, asked, died)
                if not isinstance(verdict, Healthy):
                    return verdict
            return await first_answer(setting.probe, setting.service.pace, asked, died)
        finally:
            died.cancel()

    async def follow(self, job: Job, berth: Berth, setting: Setting, changed: Callable[[Verdict], None]) -> None:
        """Ask this instance, and no other, from time to time; none that is under a debugger.

        Args:
            job: the instance.
            berth: where it listens.
            setting: what it was started with.
            changed: hears every change of its health.
        """
        await self.stop()
        if job.exit is None and setting.way.debugging is None:
            asked = self._asked(job, berth, None, setting)  # as a client: our own address reaches who is probed
            self._monitor = Monitor(setting.probe, setting.service.pace, asked, changed)
            self._monitor.start()

    async def stop(self) -> None:
        """Ask nobody any more."""
        monitor, self._monitor = self._monitor, None
        if monitor is not None:
            await monitor.stop()

    def _asked(self, job: Job, berth: Berth, mark: Mark, setting: Setting) -> Asked:
        return Asked(
            host=berth.host,
            port=berth.number,
            mark=mark,
            ownership=TreeOwnership(job),
            lines=new_lines(job.log),
            ready=self._ready(job),
            activity=TreeActivity(job),
            run_exec=lambda command, seconds: self._run_exec(command, seconds, setting),
            noted=lambda source, path: note(job.log.parent, time.time(), job.run, source, path),
            timeout=setting.service.pace.timeout,
        )

    async def _run_exec(self, command: Command, seconds: float, setting: Setting) -> tuple[int, str]:
        job = await self._spawn(command, setting)
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


async def _come_up(newer: Newer, activity: TreeActivity) -> None:
    """Wait until there are newer processes, and they are at rest or have been the same for a while: a build is over."""
    loop = asyncio.get_running_loop()
    before: set[int] = set()
    since, looks = loop.time(), 0
    while looks < LOOKS and (not before or loop.time() - since < SAME):
        await asyncio.sleep(LAST_PAUSE)
        pids = newer.pids()
        if pids != before:
            before, since = pids, loop.time()
        looks = looks + 1 if activity.still() and pids else 0


async def _died(job: Job) -> Job:
    """Wait for the end of the program, not for that of what it left behind."""
    await job.wait_code()
    return job
