"""The beginning and the end of a supervisor: one lock for life, one socket, and nothing left behind."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import gc
import logging
import os
import resource
import signal
import sys
from collections.abc import Mapping
from pathlib import Path

from hybrid_tasks.control import paths
from hybrid_tasks.control.messages import Request
from hybrid_tasks.control.server import Reply, Server, serve
from hybrid_tasks.control.spawn import BUSY, READY
from hybrid_tasks.process.ownfile import opened
from hybrid_tasks.process.stopping import become_subreaper
from hybrid_tasks.supervisor.estate import Estate
from hybrid_tasks.supervisor.racing import first
from hybrid_tasks.supervisor.requests import answer
from hybrid_tasks.supervisor.sweep import LOCK

LINGER = 2.0
MARKS = ("HYBRID_PROJECT", "HYBRID_SERVICE", "HYBRID_RUN")

logger = logging.getLogger(__name__)


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
        estate = Estate(root, folder, environ)
        _heed_signals(estate)
        server = await serve(
            paths.place_socket(root, environ),
            lambda request, reply: _answered(estate, request, reply),
            uid=os.geteuid(),
            replace=lambda: paths.place_socket(root, environ),
        )
        _say(ready, READY)
        await _until_done(estate, server)
        await server.close()
        await estate.close(wanted=not estate.idle())
        return 0
    finally:
        os.close(lock)


async def _answered(estate: Estate, request: Request, reply: Reply) -> None:
    await answer(estate, request, reply)
    gc.collect(0)


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


def _heed_signals(estate: Estate) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, estate.ending.set)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)


def _say(ready: int | None, word: bytes) -> None:
    if ready is not None:
        with contextlib.suppress(OSError):
            os.write(ready, word)
        os.close(ready)


async def _until_done(estate: Estate, server: Server) -> None:
    """Wait for a signal, a `shutdown`, or 2 s in which nothing was wanted and nobody was connected."""
    while not estate.ending.is_set():
        await first(estate.ending.wait(), _idle(estate, server))
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LINGER):
                await estate.ending.wait()
        if estate.idle() and not server.clients:
            return


async def _idle(estate: Estate, server: Server) -> None:
    while not estate.idle() or server.clients:
        await server.quiet.wait()
        if not estate.idle():
            await estate.bus.changed()
