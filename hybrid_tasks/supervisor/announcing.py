"""Writing down which jobs have started: in order, beside everything else, and many in one go when many start."""

from __future__ import annotations

import asyncio

from hybrid_tasks.logs.store import announce
from hybrid_tasks.process.jobs import Job
from hybrid_tasks.supervisor.rush import Rush


class Announcing:
    """Tells the log folders of jobs that have started; what it has not written yet, readers know to be without.

    Args:
        rush: it waits for its end.
    """

    def __init__(self, rush: Rush) -> None:
        self._rush = rush
        self._waiting: list[tuple[Job, str]] = []
        self._writing: asyncio.Task[None] | None = None

    def started(self, job: Job, colour: str) -> None:
        """Have a job written down; its service has this colour."""
        self._waiting.append((job, colour))
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
            await asyncio.to_thread(_announce, now)


def _announce(jobs: list[tuple[Job, str]]) -> None:
    for job, colour in jobs:
        spec = job.spec
        announce(spec.log_dir, spec.service, colour, job.run, spec.role, job.started, job.log)
