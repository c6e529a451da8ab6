"""Taking a service's port, and naming who has it already."""

from __future__ import annotations

import asyncio
import os
from dataclasses import dataclass
from pathlib import Path

from hybrid_tasks.engine.steering import Occupant, SteeredPort
from hybrid_tasks.errors import PortTaken
from hybrid_tasks.model.service import Service
from hybrid_tasks.process import ports, procfs
from hybrid_tasks.process.identity import environment_marks, line

_PROGRAM = b"hybrid_tasks.supervisor"
_ROOT = b"--root"


def steered(service: Service) -> SteeredPort:
    """Take the port of a service; several instances may share it.

    Raises:
        PortTaken: somebody else has it.
        SteeringUnavailable: connections cannot be steered there.
    """
    try:
        return SteeredPort.open(service.host, service.port or 0, service=service.name, occupant=_occupant)
    except PortTaken as taken:
        raise _by_tenant(service) or taken from None


async def nobody_else(service: Service) -> None:
    """Refuse a port that somebody else has, before our instance fails on it.

    Raises:
        PortTaken: somebody else has it.
    """
    port = service.port
    if port is None or ports.is_free(port) or not ports.listeners(port):
        return  # who it is takes a look at all processes
    holder = await asyncio.to_thread(ports.holder, port)
    if holder is not None:
        raise await asyncio.to_thread(taken, service, holder)


def taken(service: Service, holder: ports.Holder) -> PortTaken:
    """Say who has the port of a service: another service of ours where it is one, else a program.

    Args:
        service: whose port it should be.
        holder: who has it.
    """
    return _by_tenant(service) or PortTaken(
        f"port {service.port} is taken by `{holder.command}` (pid {holder.pid})",
        f"stop it, or {_elsewhere(service)}",
        subject=f"service `{service.name}`",
    )


@dataclass(frozen=True, slots=True)
class Tenant:
    """A service that one of our supervisors runs, and has a port.

    Args:
        service: its name; empty while nothing of it runs and only its supervisor has the port.
        root: the directory of its project.
        supervisor: the pid of that.
    """

    service: str
    root: Path
    supervisor: int


def tenant(port: int) -> Tenant | None:
    """Say which service of which project has a port; None when it is none. A scan of /proc: milliseconds.

    Args:
        port: the port.
    """
    wanted = {f"socket:[{one.inode}]" for one in ports.listeners(port)}
    found = None
    for pid in (os.getpid(), *procfs.pids()):
        if wanted.isdisjoint(procfs.open_files(pid)):
            continue
        above = next(((one, root) for one in line(pid) if (root := _supervised(one)) is not None), None)
        if above is None:
            continue
        marks = environment_marks(pid)
        found = Tenant(marks.service if marks is not None else "", above[1], above[0])
        if found.service:
            break
    return found


def _supervised(pid: int) -> Path | None:
    """The directory of the project whose supervisor a process is."""
    words = (procfs.read(pid, "cmdline") or b"").split(b"\0")
    if _PROGRAM not in words or _ROOT not in words[:-1]:
        return None
    return Path(os.fsdecode(words[words.index(_ROOT) + 1]))


def by_tenant(service: Service, port: int, what: str, elsewhere: str) -> PortTaken | None:
    """The error of a port that another service of ours has; None when it is somebody else.

    Args:
        service: who needs the port.
        port: the port.
        what: what it is to him, in words.
        elsewhere: what can be changed instead of stopping who has it.
    """
    there = tenant(port)
    if there is None:
        return None
    ours = there.supervisor == os.getpid()
    who = f"`{there.service}`" if there.service else "a service that does not run"
    where = "of this project" if ours else f"of the project in `{there.root}`"
    stop = " ".join(filter(None, ("`inv dev-stop", there.service))) + ("`" if ours else "` there")
    return PortTaken(
        f"{what} is taken by {who} {where}", f"{stop}, or {elsewhere}", subject=f"service `{service.name}`"
    )


def _by_tenant(service: Service) -> PortTaken | None:
    return by_tenant(service, service.port or 0, f"port {service.port}", _elsewhere(service))


def _elsewhere(service: Service) -> str:
    return f"set services.{service.name}.port in hybrid.toml"


def _occupant(port: int) -> Occupant | None:
    return ports.holder(port)
