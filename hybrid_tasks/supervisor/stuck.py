"""Why an instance did not become healthy, in words that help: its ports, what it is doing, its last lines."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Collection, Mapping

from hybrid_tasks.logs.store import excerpt
from hybrid_tasks.model.debugging import Debugging
from hybrid_tasks.model.probe import HttpProbe, Probe, TcpProbe
from hybrid_tasks.model.service import Service
from hybrid_tasks.process import ports
from hybrid_tasks.process.identity import descendants
from hybrid_tasks.process.jobs import Job
from hybrid_tasks.supervisor import stacks
from hybrid_tasks.supervisor.berths import Berth
from hybrid_tasks.supervisor.stacks import Spawn

_ANSWERED = re.compile(r".*\bGET \S+ answered \d+")
_IN_USE = re.compile(r"address (?:already )?in use|EADDRINUSE|AddrInUse", re.IGNORECASE)


async def explained(
    job: Job,
    reason: str,
    service: Service,
    berth: Berth,
    probe: Probe | None,
    *,
    spawn: Spawn,
    environ: Mapping[str, str],
    debugging: Debugging | None = None,
) -> str:
    """Explain why an instance that is going to be dropped did not become healthy.

    Args:
        job: the instance.
        reason: what its probe says.
        service: as configured.
        berth: where it should listen.
        probe: how it was asked.
        spawn: starts a job of the service.
        environ: of the client.
        debugging: the debugger it was started under.
    """
    said = excerpt(job.log)
    if said and job.spec.refused(said[0]):
        return "\n".join(said)
    if job.code is not None:
        mistaken = _IN_USE.search("\n".join(said)) is not None and berth.port is not None
        return "\n".join((reason, *([_binds(service, berth)] if mistaken else ()), *said))
    asked = isinstance(probe, HttpProbe | TcpProbe) and service.port is not None
    told = () if debugging is None else (debugging.port,)
    where = await asyncio.to_thread(_elsewhere, job, service, berth, told) if asked else None
    if where is not None:
        reason = f"{reason.partition(': ')[0]}: {where}"
    if _ANSWERED.fullmatch(reason):
        return "\n".join((reason, *said))  # it is not stuck, so what it is doing is to wait for the next question
    its_own = debugging is None or debugging.within
    doing, cure = await stacks.excerpt(job, service.directory, spawn, environ) if its_own else ([], "")
    return "\n".join((reason, *doing, *said, *([f"hint: {cure}"] if cure else ())))


def _elsewhere(job: Job, service: Service, berth: Berth, told: Collection[int]) -> str | None:
    """Say on which port it listens instead of its own; None when it does listen there, or nobody can tell; blocks."""
    known = {service.port, berth.number, *(one.port for one in service.ports), *told}
    found = set(ports.listening({job.pid, *descendants(job.pid)}).values())
    others = sorted(found - known)
    if berth.seat is None and berth.port is not None:  # the socket we gave it listens in any case
        if not others:
            return None
        cure = f'set services.{service.name}.listen = "own" and port = {others[0]}'
        return f"it listens on {_listed(others)} and not on the socket that it was given (LISTEN_FDS): {cure}"
    if berth.number in found:
        return None
    if berth.seat is not None:
        given = f"the port that it was given ({_given(service)})"
        if not others:
            return f"it has not opened {given}"
        return f'it listens on {_listed(others)}, not on {given}: let it read that, or set listen = "own"'
    if not others:
        stranger = berth.number is not None and ports.holder(berth.number) is not None
        return None if stranger else "it has opened no port"  # a stranger has been named by the probe
    return f"it listens on {_listed(others)}, not on {service.port}: set services.{service.name}.port = {others[0]}"


def _binds(service: Service, berth: Berth) -> str:
    given = (
        "the socket that it is given (LISTEN_FDS)"
        if berth.seat is None
        else f"the port that it is given ({_given(service)})"
    )
    own = f'set services.{service.name}.listen = "own"'
    return f"it binds port {service.port} itself, which is held for it: let it take {given}, or {own}"


def _given(service: Service) -> str:
    return f"`{service.port_env or 'PORT'}`, `{{port}}`"


def _listed(numbers: list[int]) -> str:
    return ", ".join(map(str, numbers))
