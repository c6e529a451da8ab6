"""Ports for instances whose service's own port belongs to a front."""

from __future__ import annotations

import errno
import random
import socket
from collections.abc import Container
from pathlib import Path

from hybrid_tasks.process.ports import free_port

EPHEMERAL = Path("/proc/sys/net/ipv4/ip_local_port_range")
LOWEST = 10240
TRIES = 200


def spare_port(avoid: Container[int] = ()) -> int:
    """A port that nobody has on any address, and that no outgoing connection will take by chance.

    Args:
        avoid: ports that must not be given.

    Raises:
        OSError: there is none.
    """
    highest = _first_ephemeral() - 1
    for _ in range(TRIES):
        # Not for secrecy: two supervisors should not try the same ones in the same order.
        port = random.randint(LOWEST, highest) if highest > LOWEST else free_port()  # noqa: S311
        if port not in avoid and _free(port):
            return port
    raise OSError(errno.EADDRINUSE, "no spare port was found")


def _first_ephemeral() -> int:
    try:
        return int(EPHEMERAL.read_text("ascii").split()[0])
    except (OSError, ValueError, IndexError):
        return 32768


def _free(port: int) -> bool:
    for family, address in ((socket.AF_INET, "0.0.0.0"), (socket.AF_INET6, "::")):  # noqa: S104 - closed at once
        try:
            with socket.socket(family, socket.SOCK_STREAM) as trial:
                if family == socket.AF_INET6:
                    trial.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
                trial.bind((address, port))
        except OSError as problem:
            if problem.errno == errno.EADDRINUSE:
                return False  # anything else: this machine has no such addresses
    return True
