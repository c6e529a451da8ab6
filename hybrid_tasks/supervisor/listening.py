"""How an instance listens: on a socket of ours, behind the front on a spare port, or on a port it binds itself."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from hybrid_tasks.model.command import Command
from hybrid_tasks.model.debugging import Debugging
from hybrid_tasks.model.plan import Place
from hybrid_tasks.model.probe import HttpProbe, Probe
from hybrid_tasks.model.service import Launch, Listen, Service
from hybrid_tasks.plugin.defaults import PORT
from hybrid_tasks.process import ports
from hybrid_tasks.process.spec import FIRST_LISTENER

LOOK = 0.01
LOOPBACK = "127.0.0.1"
REPLACED = "replaced at each save, nothing holds its port meanwhile"


@dataclass(frozen=True, slots=True)
class Way:
    """How the instances of one version listen.

    Args:
        listen: INHERIT, FRONT or OWN.
        planned: behind the front, the port with which the version was planned; each instance gets another.
        debugging: where and how their debugger listens, None when they have none.
    """

    listen: Listen = Listen.OWN
    planned: int | None = None
    debugging: Debugging | None = None


def placed(place: Place, way: Way) -> Place:
    """Say at a place how the instance there listens, and under which debugger it runs."""
    if way.debugging is not None:
        place = replace(place, debug_port=way.debugging.port, debug_wait=way.debugging.wait)
    if way.listen is Listen.INHERIT:
        return replace(place, listen_fd=FIRST_LISTENER)
    return replace(place, port=way.planned, host=LOOPBACK) if way.listen is Listen.FRONT else place


def frontable(service: Service, probe: Probe) -> bool:
    """Whether a service is put behind the front where it does not take a socket.

    That is asked for, or it serves HTTP on one port and is told which.
    """
    if service.port is None or service.listen is not Listen.AUTO:
        return service.port is not None and service.listen is Listen.FRONT
    alone = not service.ports and service.launch is not Launch.REPLACE
    return _told(service) and alone and isinstance(probe, HttpProbe)


def _told(service: Service) -> bool:
    return service.port_env is not None or any(PORT in word for word in (*(service.command or ()), *service.args))


def replaced(service: Service, probe: Probe, untaken: str | None, lacks: Callable[[], str | None]) -> str | None:
    """Say that a service which binds its port itself is replaced at a save, why, and what would have it beside.

    Args:
        service: one without a socket of ours, not behind the front.
        probe: how it is asked whether it is well.
        untaken: why its port cannot be held for it, None where that was not tried or could be.
        lacks: says what has to be done before the front can be used, None for nothing.

    Returns:
        a remark, or None where it is as it was asked for.
    """
    as_asked = service.listen is Listen.OWN or service.launch is Launch.REPLACE or not service.hot_reload
    if service.port is None or as_asked:
        return None
    if service.ports and service.listen is Listen.AUTO:
        return "replaced at each save: two instances cannot both have its further `ports`"
    if untaken:
        return f"{REPLACED}: {untaken}"
    wanted = [] if isinstance(probe, HttpProbe) else ["`health` with a path"]
    wanted += [] if _told(service) else ["`port_env`, or `{port}` in `command` or `args`"]
    wanted = wanted if service.listen is Listen.AUTO else []
    needs = "; ".join(filter(None, (*wanted, lacks())))
    return f"{REPLACED}; to be started beside it needs {needs}" if needs else None


def moved(program: Command, way: Way, port: int) -> Command:
    """Give a program that was planned for one port another one.

    Args:
        program: as planned.
        way: says with which port.
        port: the one to use.
    """
    number = re.compile(rf"(?<!\d){way.planned}(?!\d)")
    argv = tuple(number.sub(str(port), word) for word in program.argv)
    env: Mapping[str, str] = {name: number.sub(str(port), value) for name, value in program.env.items()}
    return replace(program, argv=argv, env=MappingProxyType(dict(env)))


def address(port: int) -> str:
    """Give the loopback address under which whoever listens on a port is reached, as `host:port`."""
    found = {listener.address for listener in ports.listeners(port)}
    return f"[::1]:{port}" if found == {"::1"} else f"{LOOPBACK}:{port}"


async def answered(port: int, seconds: float) -> None:
    """Wait until nobody is connected to a port any more, so that every request to it has its answer.

    Args:
        port: of an instance to which no new requests are sent.
        seconds: how long to wait at most; a stream does not end by itself.
    """
    loop = asyncio.get_running_loop()
    over, looks = loop.time() + seconds, 0
    while looks < 2 and loop.time() < over:  # noqa: PLR2004 - the second look sees a request that was on its way
        looks = 0 if await asyncio.to_thread(ports.connections, port) else looks + 1
        await asyncio.sleep(LOOK)
