"""Writing down which jobs have started: in order, beside everything else, and many in one go when many start."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from hybrid_tasks.logs.store import announce
from hybrid_tasks.process.jobs import Job
from hybrid_tasks.supervisor.rush import Rush


class Announcing:
    """Tells the log folders of jobs that have started; what it has not written yet, readers know to be without.

    Args:
        rush: it waits for its end.
        colour: gives the colour of a service.
    """

    def __init__(self, rush: Rush, colour: Callable[[str], str]) -> None:
        self._rush = rush
        self._colour = colour
        self._waiting: list[Job] = []
        self._writing: asyncio.Task[None] | None = None

    def started(self, job: Job) -> None:
        """Have a job written down."""
        self._waiting.append(job)
        if self._writing is None or self._writing.done():
            self._writing = asyncio.ensure_future(self._write())

    async def close(self) -> None:
        """Wait until all is written."""
        if self._writing is not None:
            await self._writing

    async def _write(self) -> None:
        while self._waiting:
            await self._rush.over()
            now, self._waiting = self._waiting, []
            await asyncio.to_thread(_announce, [(job, self._colour(job.spec.service)) for job in now])


def _announce(jobs: list[tuple[Job, str]]) -> None:
    for job, colour in jobs:
        spec = job.spec
        announce(spec.log_dir, spec.service, colour, job.run, spec.role, job.started, job.log)
