"""Running jobs in a test: a loop with a deadline, a `Jobs` that is closed whatever happens, small specs."""

from __future__ import annotations

import asyncio
import os
import secrets
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

from hybrid_tasks.model.command import Command
from hybrid_tasks.model.service import Stop
from hybrid_tasks.process.jobs import Job, Jobs, JobSpec

T = TypeVar("T")
PROJECT = secrets.token_hex(8)


def with_jobs(play: Callable[[Jobs], Awaitable[T]]) -> T:
    """Run this with a fresh `Jobs`, at most a minute."""

    async def main() -> T:
        jobs = Jobs(PROJECT)
        try:
            async with asyncio.timeout(60):
                return await play(jobs)
        finally:
            await jobs.close()

    return asyncio.run(main())


def python_spec(logs: Path, code: str, *words: str, **more: object) -> JobSpec:
    """A job of this Python code, quick to start."""
    return spec(logs, sys.executable, "-I", "-S", "-c", code, *words, **more)


def spec(logs: Path, *argv: str, cwd: Path = Path("/"), grace: float = 2.0, **more: object) -> JobSpec:
    given = {"env": {"PATH": os.environ["PATH"]}, "stop": Stop("TERM", grace), **more}
    return JobSpec("api", "instance", Command(argv, cwd), log_dir=logs, **given)  # type: ignore[arg-type]


async def becomes(predicate: Callable[[], object]) -> None:
    """Wait on the loop until this is true; `with_jobs` has the deadline."""
    while not predicate():  # noqa: ASYNC110 -- files and processes have no event for us
        await asyncio.sleep(0.005)


async def says(job: Job, line: str) -> None:
    """Wait until the job has said this line."""
    await becomes(lambda: line in job.tail(1000) or job.exit)
    assert line in job.tail(1000), job.exit
