"""The instance that serves: put in, taken out, and noticed when it ends by itself."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, replace

from hybrid_tasks.engine.order import Version
from hybrid_tasks.model.status import Instance
from hybrid_tasks.model.verdict import Verdict
from hybrid_tasks.process.jobs import Job
from hybrid_tasks.supervisor.crew import Crew

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Running:
    """An instance with what it runs and when it first answered (monotonic seconds)."""

    job: Job
    version: Version
    healthy_at: float


class Serving:
    """At most one serving instance of a service, and older ones on their way out.

    Args:
        crew: starts and ends instances.
        ended: hears of an instance that ended though nobody stopped it, and its exit code.
        heard: hears every change of the serving instance's health.
    """

    def __init__(self, crew: Crew, ended: Callable[[Running, int], None], heard: Callable[[Verdict], None]) -> None:
        self.running: Running | None = None
        self.changing = False
        self._crew = crew
        self._ended = ended
        self._heard = heard
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def fingerprint(self) -> str | None:
        """The source that serves."""
        return self.running.version.fingerprint if self.running else None

    @property
    def run(self) -> str | None:
        """The run id of what serves."""
        return self.running.job.run if self.running else None

    @property
    def pid(self) -> int | None:
        """The process that serves."""
        return self.running.job.pid if self.running else None

    def described(self, launch: str, port: int | None) -> Instance | None:
        """Say what serves.

        Args:
            launch: how it came to serve.
            port: where it answers.
        """
        if self.running is None:
            return None
        job = self.running.job
        return Instance(job.run, job.pid, job.started, self.running.version.fingerprint, launch, port)

    def put(self, job: Job, version: Version) -> None:
        """Let an instance serve from now on; the one before finishes what it has and ends."""
        old, self.running = self.running, Running(job, version, time.monotonic())
        self._crew.serve(job)
        if old is not None:
            self.later(self._crew.retire(old.job))
        self.later(self._watch(self.running))
        self.later(self._crew.monitor(job, self._heard))

    def adopt(self, version: Version) -> None:
        """Take what serves as being of another version from now on."""
        if self.running is not None:
            self.running = replace(self.running, version=version)

    async def take_out(self, grace: float | None = None) -> None:
        """End the serving instance and wait until it is gone, at most `grace` seconds politely."""
        if self.running is not None:
            self.changing = True
            old, self.running = self.running, None
            try:
                await self._crew.retire(old.job, grace)
            finally:
                self.changing = False

    def hurry(self) -> None:
        """Kill what is on its way out."""
        for job in self._crew.ending:
            self.later(_killed(job))

    async def settled(self) -> None:
        """Wait until nothing of it is under way any more."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    def later(self, work: Coroutine[object, object, None]) -> None:
        """Do something beside, and do not end before it is done."""
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            logger.error("something beside a swap failed", exc_info=error)

    async def _watch(self, running: Running) -> None:
        code = await running.job.wait_code()
        if self.running is not None and self.running.job is running.job:
            ended, self.running = self.running, None  # it may count as another version by now
            leaving = asyncio.ensure_future(self._crew.retire(ended.job))
            self._ended(ended, code)
            await leaving


async def _killed(job: Job) -> None:
    await job.stop(0)
