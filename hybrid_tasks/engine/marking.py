"""How our probes are told from clients: by where they come from, which nobody else can be."""

from __future__ import annotations

import socket
from typing import Protocol

from hybrid_tasks.engine import bpf

PROBE_SOURCE = "127.0.0.2"
"""Connections from this address are ours; nobody else has a reason to use it."""

_BIND_ADDRESS_NO_PORT = 24  # linux/in.h: the port is chosen at connect, as without a bind


class Mark(Protocol):
    """What our probes of one port have in common."""

    def put_on(self, connection: socket.socket) -> socket.socket | None:
        """Mark a connection that is about to be opened; close what this gives once the program has changed."""

    def seen_on(self, peer: tuple[str, int]) -> bool:
        """Whether a connection from there is a probe of ours."""

    def program(self, clients: int, probes: int) -> bytes:
        """The program that steers by it, for the positions of who gets clients and who gets probes."""

    def close(self) -> None:
        """Let go of what was kept for it."""


class ByAddress:
    """IPv4: all of 127.0.0.0/8 is this machine, so our probes have an address of their own."""

    def put_on(self, connection: socket.socket) -> None:
        """See `Mark`."""
        connection.setsockopt(socket.IPPROTO_IP, _BIND_ADDRESS_NO_PORT, 1)
        connection.bind((PROBE_SOURCE, 0))

    def seen_on(self, peer: tuple[str, int]) -> bool:
        """See `Mark`."""
        return peer[0] == PROBE_SOURCE

    def program(self, clients: int, probes: int) -> bytes:
        """See `Mark`."""
        return bpf.by_address(clients, probes, PROBE_SOURCE)

    def close(self) -> None:
        """See `Mark`."""


class ByPort:
    """IPv6 has one loopback address, so each probe has a port that is kept for it while the program names it.

    A port that somebody has bound is never chosen for a client that connects: what comes from there is ours.

    Args:
        address: the one that our probes come from.
    """

    def __init__(self, address: str) -> None:
        self._address = address
        self._kept: socket.socket | None = None
        self._port = 0

    def put_on(self, connection: socket.socket) -> socket.socket | None:
        """See `Mark`; a new port each time, so that no connection meets an old one in TIME_WAIT."""
        kept = socket.socket(socket.AF_INET6, socket.SOCK_STREAM)
        try:
            kept.bind((self._address, 0))  # alone; only then may the connection join
            for each in (kept, connection):
                each.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            connection.bind(kept.getsockname())
        except BaseException:
            kept.close()
            raise
        before, self._kept, self._port = self._kept, kept, kept.getsockname()[1]
        return before

    def seen_on(self, peer: tuple[str, int]) -> bool:
        """See `Mark`."""
        return (peer[0], peer[1]) == (self._address, self._port)

    def program(self, clients: int, probes: int) -> bytes:
        """See `Mark`."""
        return bpf.by_port(clients, probes, self._address, self._port)

    def close(self) -> None:
        """See `Mark`."""
        if self._kept is not None:
            self._kept.close()
