"""A debugger that is wanted for a service, and the port each service's debugger has."""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from dataclasses import dataclass

from hybrid_tasks.model.service import Service

FIRST, COUNT = 20000, 10000
"""Where ports are chosen: above what services use, below what systems give to outgoing connections."""


@dataclass(frozen=True, slots=True)
class Debugging:
    """How a service is debugged.

    Args:
        port: where the debugger listens on 127.0.0.1.
        wait: it holds the program at its start until somebody attaches.
        adapter: its name.
        note: the line with which the user attaches.
    """

    port: int
    wait: bool = False
    adapter: str = ""
    note: str = ""

    @property
    def address(self) -> str:
        """Where it listens."""
        return f"127.0.0.1:{self.port}"

    @property
    def within(self) -> bool:
        """Whether it is a part of the program; any other has a program of ours around it, which is the job."""
        return self.adapter == "debugpy"


def told_port(service: Service) -> int | None:
    """Give the `debug_port` of a service's options table, None when its stack has none or it is left out."""
    told = getattr(service.options, "debug_port", None)
    return told if isinstance(told, int) else None


def debug_ports(project: str, services: Iterable[Service]) -> dict[str, int]:
    """Give the port of every service's debugger: the same ones on every machine, so that editors can name them.

    Args:
        project: its name.
        services: all of them.

    Returns:
        ports by service: the told one, else one that follows from both names and is nobody else's.
    """
    known = sorted(services, key=lambda service: service.name)
    ports = {service.name: port for service in known if (port := told_port(service)) is not None}
    taken = {*ports.values(), *(one.port for service in known for one in service.ports)}
    taken |= {service.port for service in known if service.port is not None}
    for service in known:
        if service.name not in ports:
            offset = zlib.crc32(f"{project}/{service.name}".encode()) % COUNT
            while FIRST + offset in taken:
                offset = (offset + 1) % COUNT
            ports[service.name] = FIRST + offset
            taken.add(FIRST + offset)
    return ports
