"""The beginning of a supervisor: one lock for life, and everything else only for the one that has it."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import logging
import os
import resource
import sys
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

from hybrid_tasks.control import paths
from hybrid_tasks.control.spawn import BUSY, READY
from hybrid_tasks.journal.runs import Runs
from hybrid_tasks.process.identity import project_identity
from hybrid_tasks.process.jobs import Jobs
from hybrid_tasks.process.ownfile import opened
from hybrid_tasks.process.stopping import become_subreaper
from hybrid_tasks.supervisor.sweep import LOCK, RUNS

MARKS = ("HYBRID_PROJECT", "HYBRID_SERVICE", "HYBRID_RUN")


async def supervise(root: Path, environ: Mapping[str, str], ready: int | None = None) -> int:
    """Be the supervisor of a project until nothing is wanted of it any more.

    Args:
        root: the project's directory.
        environ: of the client that started us.
        ready: a descriptor that hears when we listen, or that another supervisor lives.

    Returns:
        the exit code.
    """
    folder = paths.own_folder(paths.state_dir(root, environ))
    lock = opened(folder / LOCK, os.O_RDWR)
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            _say(ready, BUSY)
            return 0
        _prepare()
        runs = Runs(folder / RUNS)
        jobs = Jobs(project_identity(root), note=runs.add)
        live, _ = await asyncio.gather(asyncio.to_thread(_load), _warm(jobs))
        await live(root, folder, environ, jobs=jobs, runs=runs, listening=lambda: _say(ready, READY))
        return 0
    finally:
        os.close(lock)


def _load() -> Callable[..., Awaitable[None]]:
    """Import the rest, which takes most of the time until we listen."""
    from hybrid_tasks.supervisor.lifetime import live

    return live


async def _warm(jobs: Jobs) -> None:
    """Start the template of the shims meanwhile; where that fails, the first job says so."""
    with contextlib.suppress(OSError):
        await jobs.open()


def _prepare() -> None:
    """Become what the processes of a project hang on."""
    become_subreaper()
    for mark in MARKS:
        os.environ.pop(mark, None)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < hard:
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    logging.basicConfig(level=logging.INFO, handlers=[_handler()])


def _handler() -> logging.Handler:
    """Plain lines into the log file, coloured ones for somebody who runs us by hand."""
    handler = logging.StreamHandler()
    words = "%(asctime)s %(levelname)-7s %(name)s: %(message)s"
    if sys.stderr.isatty():
        import colorlog

        handler.setFormatter(colorlog.ColoredFormatter(f"%(log_color)s{words}%(reset)s", stream=sys.stderr))
    else:
        handler.setFormatter(logging.Formatter(words))
    return handler


def _say(ready: int | None, word: bytes) -> None:
    if ready is not None:
        with contextlib.suppress(OSError):
            os.write(ready, word)
        os.close(ready)
