"""The life of a supervisor from its socket to its end, with nothing left behind."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import signal
from collections.abc import Callable, Mapping
from pathlib import Path

from hybrid_tasks.control import paths
from hybrid_tasks.control.messages import Request
from hybrid_tasks.control.server import Reply, Server, serve
from hybrid_tasks.journal.runs import Runs
from hybrid_tasks.process.jobs import Jobs
from hybrid_tasks.supervisor.estate import Estate
from hybrid_tasks.supervisor.racing import first
from hybrid_tasks.supervisor.requests import answer

LINGER = 2.0


async def live(
    root: Path, folder: Path, environ: Mapping[str, str], *, jobs: Jobs, runs: Runs, listening: Callable[[], None]
) -> None:
    """Answer requests until nothing is wanted any more.

    Args:
        root: the project's directory.
        folder: the state folder.
        environ: of the client that started us.
        jobs: the door through which anything is started.
        runs: the run ids that were given out.
        listening: called when clients may come.
    """
    estate = Estate(root, folder, environ, jobs, runs)
    _heed_signals(estate)
    server = await serve(
        paths.place_socket(root, environ),
        lambda request, reply: _answered(estate, request, reply),
        uid=os.geteuid(),
        replace=lambda: paths.place_socket(root, environ),
    )
    listening()
    await _until_done(estate, server)
    await server.close()
    await estate.close(wanted=not estate.idle())


async def _answered(estate: Estate, request: Request, reply: Reply) -> None:
    await answer(estate, request, reply)
    gc.collect(0)


def _heed_signals(estate: Estate) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, estate.ending.set)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)


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
