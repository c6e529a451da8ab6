"""Everything a probe needs to know about the instance it asks, and about the time."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Protocol

from hybrid_tasks.model.command import Command


class Ownership(Protocol):
    """Knows whose the other end of a connection is."""

    def belongs(self, connection: socket.socket) -> bool | None:
        """Whether the instance accepted this connection of ours; None: nobody has yet, or it cannot be told."""

    def stranger(self, connection: socket.socket) -> str:
        """Who accepted it, in words (`node` (pid 4121)); empty when nobody can be named."""


class Ready(Protocol):
    """Knows whether the instance has sent READY=1."""

    async def wait(self) -> object:
        """Return once it has."""

    def why(self) -> str:
        """Say why it has not, in words for the user."""


class Activity(Protocol):
    """Knows whether the instance is at work."""

    def still(self) -> bool:
        """Whether it has done nothing since the last look."""


@dataclass(frozen=True, slots=True)
class Asked:
    """An instance, as a probe sees it; what a kind of probe does not use may be left out.

    Args:
        host: the address the service listens on; `localhost`, `0.0.0.0` and `::` are asked on loopback.
        port: its port.
        mark: makes a connection that is about to be opened one of our probes, where connections are steered.
        ownership: proves that the answer is the instance's; None: not provable here, any answer counts.
        lines: gives the instance's output lines that came since the last call.
        ready: hears READY=1.
        activity: tells when an instance that is only asked whether it lives has come up; None: not told here.
        run_exec: runs a command for so many seconds at most and gives its exit code and last output line;
            raises TimeoutError after having ended it.
        noted: hears the address and port that a question over HTTP comes from, and its path, before it is sent.
        failing: hears why a new instance is not healthy yet whenever that changes, but not at once: one that starts
            refuses connections.
        timeout: seconds after which a probe has failed.
        patience: seconds that a connection may wait to be accepted, where that is longer than `timeout`:
            an instance that inherited its socket answers what queued up while it started.
    """

    host: str = "127.0.0.1"
    port: int | None = None
    mark: Callable[[socket.socket], None] | None = None
    ownership: Ownership | None = None
    lines: Callable[[], Iterable[str]] | None = None
    ready: Ready | None = None
    activity: Activity | None = None
    run_exec: Callable[[Command, float], Awaitable[tuple[int, str]]] | None = None
    noted: Callable[[tuple[str, int], str], None] | None = None
    failing: Callable[[str], None] | None = None
    timeout: float = 2.0
    patience: float = 0.0


@dataclass(frozen=True, slots=True)
class Clock:
    """The time as polling sees it: seconds since some moment, and a way to let some pass."""

    now: Callable[[], float] = time.monotonic
    sleep: Callable[[float], Awaitable[object]] = asyncio.sleep


class Unwell(Exception):
    """The reason why a probe failed, in words for the user."""
