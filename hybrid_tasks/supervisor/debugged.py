"""An instance under a debugger: when it has come up, and what can be seen of it from outside.

Its health is asked only while it comes up, to tell a version that ends at once from one that works. Later nobody is
asked: a program that stands at a breakpoint is not ill, and a probe would run into the user's breakpoints.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from hybrid_tasks.errors import PortTaken
from hybrid_tasks.model.debugging import Debugging
from hybrid_tasks.model.service import Service
from hybrid_tasks.model.verdict import Healthy, Unhealthy, Verdict
from hybrid_tasks.process import ports, tracing
from hybrid_tasks.process.children import family
from hybrid_tasks.process.jobs import Job
from hybrid_tasks.supervisor.occupancy import by_tenant
from hybrid_tasks.supervisor.ownership import TreeActivity

PROVED = 10.0
"""Seconds after which an instance that lives has come up, whatever its health."""
STANDS = 3.0
"""Seconds of a stopped program with nobody attached and an idle debugger: it is held at a fault of its own."""
FIRST_PAUSE, LAST_PAUSE = 0.02, 0.25


@dataclass(frozen=True, slots=True)
class Seen:
    """What can be seen of a program and its debugger: is it stopped, has somebody attached, does anybody listen."""

    stopped: bool
    attached: bool
    listening: bool

    @property
    def paused(self) -> bool:
        """Whether somebody has stopped it; a debugger that starts a program stops it for a moment by itself."""
        return self.stopped and self.attached

    def held(self, debugging: Debugging) -> bool:
        """Whether it has not begun: its debugger waits for somebody to attach, and nobody has paused it."""
        return debugging.wait and not self.attached and (self.stopped or debugging.within)

    def words(self, debugging: Debugging) -> str:
        """Say it in one line."""
        line = f"debugger: {debugging.adapter} on {debugging.address}"
        if not self.listening:
            return f"{line} is gone; a save or `inv dev-restart` starts the program anew"
        if self.held(debugging):
            return f"{line}, holds the program until somebody attaches"
        return line + (", paused" if self.stopped else ", attached" if self.attached else "")


def look(job: Job, debugging: Debugging) -> Seen:
    """Look at an instance under a debugger."""
    clients, listeners = set(ports.clients(debugging.port)), _listeners(debugging)
    members = tree(job)
    theirs = ports.inodes_of(members)
    # Delve tells itself to let the program run; what it has closed since it was listed is in nobody's hands.
    attached = any(client not in theirs for client in clients.intersection(ports.clients(debugging.port)))
    return Seen(tracing.stopped(members[1:]), attached, bool(listeners & theirs))


def listens(job: Job, debugging: Debugging) -> bool:
    """Whether the debugger of an instance takes connections; nobody connects, for that may be all it waits for."""
    inodes = _listeners(debugging)
    return bool(inodes) and bool(inodes & ports.inodes_of(tree(job)))


def _listeners(debugging: Debugging) -> set[int]:
    return {one.inode for one in ports.listeners(debugging.port, "127.0.0.1")}


def tree(job: Job) -> list[int]:
    """Everything of a job, its shim first: what has made itself independent is below that alone."""
    return family(job.shim.pid if job.shim is not None else job.pid)


def nobody_elses(service: Service, debugging: Debugging, jobs: Mapping[str, Job]) -> None:
    """See that nobody else has a debugger's port; blocks.

    Args:
        service: whose debugger it is.
        debugging: where it listens.
        jobs: what runs; those of the service may have the port.

    Raises:
        PortTaken: somebody else has it.
    """
    holder = ports.holder(debugging.port, "127.0.0.1")
    ours = (job for job in jobs.values() if job.spec.service == service.name)
    if holder is None or any(holder.pid in tree(job) for job in ours):
        return
    what = f"the debugger's port {debugging.port}"
    elsewhere = f"set services.{service.name}.{service.stack}.debug_port in hybrid.toml"
    raise by_tenant(service, debugging.port, what, elsewhere) or PortTaken(
        f"{what} is taken by `{holder.command}` (pid {holder.pid})",
        f"stop it, or {elsewhere}",
        subject=f"service `{service.name}`",
    )


async def come_up(job: Job, debugging: Debugging, asked: Awaitable[Verdict], patience: float) -> Verdict:
    """Wait until an instance under a debugger has come up.

    Args:
        job: the instance.
        debugging: its debugger.
        asked: waits for its first healthy answer, or its end.
        patience: seconds that the debugger has to listen.

    Returns:
        Unhealthy when it has ended or stands at a fault of its own, or its debugger does not listen.
    """
    died, asking = asyncio.ensure_future(job.wait_code()), asyncio.ensure_future(asked)
    try:
        if not await _until(lambda: listens(job, debugging), died, patience):
            if not died.done():
                return Unhealthy(f"{debugging.adapter} does not listen on {debugging.address} after {patience:g} s")
            return await asking
        stance = _Stance(job, debugging)
        if not debugging.wait:
            stopped = asyncio.ensure_future(_until(stance.settled, died, PROVED))
            await asyncio.wait({asking, stopped}, return_when=asyncio.FIRST_COMPLETED)
            stopped.cancel()
        if stance.stands and not died.done():
            return Unhealthy(f"{debugging.adapter} has stopped it before it was healthy")
        return await asking if died.done() else Healthy()
    finally:
        died.cancel()
        asking.cancel()


class _Stance:
    """Whether a program that comes up has been stopped: by somebody, or by its debugger at a fault (Go's panics)."""

    def __init__(self, job: Job, debugging: Debugging) -> None:
        self._job, self._debugging = job, debugging
        self._activity = TreeActivity(job)
        self._since: float | None = None

    @property
    def stands(self) -> bool:
        """Whether it will not go on by itself."""
        return self._since is not None and time.monotonic() - self._since >= STANDS

    def settled(self) -> bool:
        """Look; whether there is nothing more to wait for."""
        seen, still = look(self._job, self._debugging), self._activity.still()  # reading symbols takes a debugger time
        stands = seen.stopped and not seen.attached and still
        self._since = (self._since or time.monotonic()) if stands else None
        return seen.paused or self.stands


async def _until(true: Callable[[], bool], died: asyncio.Future[int], seconds: float) -> bool:
    """Look again and again whether something is true, until it is, the program has ended or the time is over."""
    pause, loop = FIRST_PAUSE, asyncio.get_running_loop()
    over = loop.time() + seconds
    while not died.done() and loop.time() < over:
        if await asyncio.to_thread(true):
            return True
        await asyncio.wait({died}, timeout=pause)
        pause = min(2 * pause, LAST_PAUSE)
    return False
