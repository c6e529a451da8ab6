"""Taking a service's port, and naming who has it already."""

from __future__ import annotations

import asyncio

from hybrid_tasks.engine.steering import Occupant, SteeredPort
from hybrid_tasks.errors import PortTaken
from hybrid_tasks.model.service import Service
from hybrid_tasks.process import ports


def steered(service: Service) -> SteeredPort:
    """Take the port of a service; several instances may share it.

    Raises:
        PortTaken: somebody else has it.
        SteeringUnavailable: connections cannot be steered there.
    """
    return SteeredPort.open(service.host, service.port or 0, service=service.name, occupant=_occupant)


async def nobody_else(service: Service) -> None:
    """Refuse a port that somebody else has, before our instance fails on it.

    Raises:
        PortTaken: somebody else has it.
    """
    port = service.port
    if port is None or not ports.listeners(port):  # a question to the kernel; who it is takes a look at all processes
        return
    holder = await asyncio.to_thread(ports.holder, port)
    if holder is not None:
        raise PortTaken(
            f"port {port} is taken by `{holder.command}` (pid {holder.pid})",
            f"stop it, or set services.{service.name}.port in hybrid.toml",
            subject=f"service `{service.name}`",
        )


def _occupant(port: int) -> Occupant | None:
    return ports.holder(port)
