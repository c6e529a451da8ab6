"""One process of the front: started with the listeners it attends, and left alone while it has connections."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from hybrid_tasks.engine.steering import SteeredPort
from hybrid_tasks.errors import HybridError
from hybrid_tasks.gateway import launching, targets
from hybrid_tasks.health.asked import Asked
from hybrid_tasks.health.monitor import first_answer
from hybrid_tasks.logs.store import excerpt
from hybrid_tasks.model.info import GatewayInfo
from hybrid_tasks.model.probe import Pace, TcpProbe
from hybrid_tasks.model.routes import GatewaySettings, Route
from hybrid_tasks.model.service import Stop
from hybrid_tasks.model.verdict import Healthy
from hybrid_tasks.plugin import routing
from hybrid_tasks.process import ports
from hybrid_tasks.process.jobs import Job, JobSpec
from hybrid_tasks.process.spec import FIRST_LISTENER
from hybrid_tasks.supervisor.ownership import TreeOwnership
from hybrid_tasks.supervisor.site import Site

NAME = "@front"
"""Whose logs and marks its are; no service can be called so."""
ROLE = "front"
READY_WITHIN = 15.0
QUEUE_SECONDS = 2.0
LINGER = 30.0
"""Seconds that an older one may keep connections which nobody closes."""
LOOK = 0.05
GRACE = 2.0


class ProxyFailed(HybridError):
    """The proxy in front of services did not come up."""


@dataclass(eq=False, slots=True)
class Proxy:
    """A running one with the slot that it has of each port; `retiring`: its end is wanted."""

    job: Job
    slots: dict[SteeredPort, int]
    retiring: bool = False


async def start(
    site: Site, info: GatewayInfo, folder: Path, listeners: Mapping[Path, socket.socket], port: SteeredPort
) -> Job:
    """Start a proxy, and wait until it accepts.

    Args:
        site: what all units share.
        info: which gateway.
        folder: for its files.
        listeners: what it attends, by the file that says where requests go.
        port: one of the ports, whose probes go to the listener it gets.

    Returns:
        its job.

    Raises:
        HybridError: it does not come up; nothing of it is left.
    """
    routes = tuple(Route(file.stem, number, file.name) for number, file in enumerate(listeners, FIRST_LISTENER))
    settings = GatewaySettings(folder, grace=GRACE)
    targets.write_all(folder, await asyncio.to_thread(routing.gateway_files, site.host, info.name, routes, settings))
    command = launching.command(info, folder, site.client.get("PATH"))
    spec = JobSpec(NAME, ROLE, command, command.env, site.logs(NAME), Stop(grace=GRACE + 1), tuple(listeners.values()))
    return await _accepting(await site.jobs.start(spec), port, info)


async def _accepting(job: Job, port: SteeredPort, info: GatewayInfo) -> Job:
    # Its READY=1 does not do: Caddy says so also of a configuration that it then gives up on.
    asked = Asked(port.host, port.port, mark=port.mark, ownership=TreeOwnership(job))
    died = asyncio.ensure_future(job.wait_code())
    try:
        verdict = await first_answer(TcpProbe(), Pace(start_period=READY_WITHIN), asked, died)
    except BaseException:
        await asyncio.shield(job.stop(0))
        raise
    finally:
        died.cancel()
    if isinstance(verdict, Healthy):
        return job
    problem = f"ended with {job.code}" if job.code is not None else f"did not accept within {READY_WITHIN:g} s"
    await job.stop(0)
    said = "\n".join(excerpt(job.log, 8))
    raise ProxyFailed(
        f"{info.title}, the proxy in front of services, {problem}\n{said}".rstrip(),
        'mend what it says, or set `listen = "own"` for the services behind it',
    )


async def finished(proxy: Proxy) -> None:
    """Wait until a proxy that nothing is sent to any more has no connection of a client left, or long enough."""
    for port, slot in tuple(proxy.slots.items()):
        await port.drained(slot, QUEUE_SECONDS)
    loop = asyncio.get_running_loop()
    over = loop.time() + LINGER
    while loop.time() < over and proxy.job.exit is None:
        if not await asyncio.to_thread(_clients, proxy.job.pid, {port.port for port in proxy.slots}):
            return
        await asyncio.sleep(LOOK)


def _clients(pid: int, numbers: set[int]) -> bool:
    theirs = ports.inodes_of({pid})
    return any(inode in theirs for number in numbers for inode in ports.connections(number))
