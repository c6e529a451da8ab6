"""One port, several instances: clients reach the serving one, our probes the new one, and nobody is refused.

Each instance inherits a listener of its own (a *slot*); all are in one SO_REUSEPORT group and a classic BPF
program picks among them. The supervisor has a listener in the group too, which holds connections while
nothing serves. Read `listeners.py` for how the group stays in order and `holding.py` for what waits.
"""

from __future__ import annotations

import asyncio
import errno
import socket
import struct
import sys
from collections.abc import Callable
from enum import Enum
from functools import partial
from typing import Protocol, Self

from hybrid_tasks.engine.holding import Holder
from hybrid_tasks.engine.listeners import EVERYWHERE, Listeners
from hybrid_tasks.engine.unavailable import Notice
from hybrid_tasks.errors import PortTaken, SteeringUnavailable

FIRST_SLOTS = 2
"""Slots a port begins with; another is opened only when both are in use (one serves, one is still ending)."""

_TCP_INFO_SIZE = 32
_TCP_INFO_UNACKED = 24  # of a listener: connections that wait to be accepted
_QUEUE_LOOK = 0.002  # seconds between two looks at an accept queue


class Occupant(Protocol):
    """Who has a port."""

    @property
    def pid(self) -> int | None:
        """Its process id; None when it is not ours to look at."""

    @property
    def command(self) -> str:
        """Its name, or whose it is."""


class _State(Enum):
    FRESH = "never given to a program"
    USED = "an instance has it"
    FREE = "its instance has ended"


class _Slot:
    def __init__(self, member: socket.socket) -> None:
        self.member = member
        self.state = _State.FRESH


class SteeredPort:
    """A port that is ours until `close`; `open` makes one. All methods belong to the event loop.

    The life of a slot: `free_slot`, `listener` (an instance gets it), `probe`, `serve`; later another slot is
    served, `drained`, the instance ends, `rescue`: the slot is free again.
    """

    def __init__(self, listeners: Listeners, holder: Holder) -> None:
        self.host = listeners.host
        self.port = listeners.port
        self.serving: int | None = None
        self.probing: int | None = None
        self._listeners = listeners
        self._holder = holder
        self._slots = [_Slot(listeners.first)] + [_Slot(listeners.add()) for _ in range(FIRST_SLOTS)]
        holder.accept_from(listeners.first)
        asyncio.get_running_loop().add_reader(listeners.fileno(), self._steer)

    @classmethod
    def open(
        cls, host: str, port: int, *, service: str = "", occupant: Callable[[int], Occupant | None] | None = None
    ) -> Self:
        """Take a port; connections are held from now on.

        Args:
            host: `localhost` or an address; `0.0.0.0` or `::` for all.
            port: the port, or 0 for any free one.
            service: for the words of the error.
            occupant: finds out who has a port.

        Returns:
            the port; the running event loop attends it.

        Raises:
            PortTaken: somebody listens there, on this or an overlapping address.
            SteeringUnavailable: this system cannot steer, or that is a name.
            HybridError: the address cannot be used.
        """
        host = _steerable(host)
        try:
            listeners = Listeners(host, port)
        except OSError as problem:
            if problem.errno != errno.EADDRINUSE:
                raise
            raise _taken(port, service, occupant) from problem
        if _on_ipv6_loopback(host, port):
            listeners.close()
            raise _taken(port, service, occupant, " on [::1]")
        try:
            return cls(listeners, Holder(partial(_connect, listeners), listeners.mark.seen_on))
        except BaseException:
            listeners.close()
            raise

    def free_slot(self) -> int:
        """Choose a slot for the next instance.

        Returns:
            the number of a slot that no instance has, for `listener`.
        """
        for number, slot in enumerate(self._slots):
            if number and slot.state is not _State.USED:
                return number
        self._slots.append(_Slot(self._listeners.add()))
        return len(self._slots) - 1

    def listener(self, slot: int) -> socket.socket:
        """Take a slot for an instance.

        Args:
            slot: its number.

        Returns:
            a blocking listening socket as new, whatever earlier instances did to theirs; it stays ours, the
            instance gets a copy. The same one again until `rescue`.
        """
        here = self._slots[slot]
        if here.state is _State.FREE:
            self._holder.leave(here.member)
            here.member = self._listeners.replace(here.member)
            self._steer()
        here.state = _State.USED
        return here.member

    def probe(self, slot: int | None) -> None:
        """Send our probes to a slot.

        Args:
            slot: its number; None: to whatever serves.
        """
        self.probing = slot
        self._steer()

    def mark(self, connection: socket.socket) -> None:
        """Make a connection to this port that is about to be opened one of our probes.

        Args:
            connection: a new socket.
        """
        before = self._listeners.mark.put_on(connection)
        self._steer()
        if before is not None:
            before.close()

    def serve(self, slot: int | None) -> None:
        """Send every new connection to a slot; what was held is handed on.

        Args:
            slot: its number; None: nothing serves, connections are held.
        """
        self.serving = slot
        self._steer()

    async def drained(self, slot: int, timeout: float) -> bool:  # noqa: ASYNC109 - False is the answer, not an error
        """Wait until an instance that no longer serves has accepted everything in its queue.

        Args:
            slot: the slot of the instance, which must still be running.
            timeout: seconds to wait at most.

        Returns:
            whether the queue is empty.
        """
        member = self._slots[slot].member
        empty = 0
        try:
            async with asyncio.timeout(timeout):
                while empty < 2:  # noqa: PLR2004 - the second look sees a handshake that was on its way
                    empty = 0 if self._listeners.listens(member) and _queued(member) else empty + 1
                    await asyncio.sleep(_QUEUE_LOOK)
        except TimeoutError:
            return False
        return True

    async def rescue(self, slot: int) -> None:
        """Take a slot back after its instance has ended; whoever still waits in its queue is attended by us.

        Args:
            slot: the slot; it is free afterwards.
        """
        self.serving = None if self.serving == slot else self.serving
        self.probing = None if self.probing == slot else self.probing
        self._steer()
        here = self._slots[slot]
        here.state = _State.FREE
        if self._listeners.listens(here.member):
            self._holder.accept_from(here.member)  # until it is needed again: a late handshake ends up here

    def explain(self, notice: Notice) -> None:
        """Set what clients are told while nothing serves.

        Args:
            notice: the reason.
        """
        self._holder.notice = notice

    async def close(self) -> None:
        """Give the port back; connections that are held or handed on by us are closed."""
        asyncio.get_running_loop().remove_reader(self._listeners.fileno())
        await self._holder.close()
        self._listeners.close()

    def _steer(self) -> None:
        """Make the kernel do what `serving` and `probing` say, also after a program shut its listener down."""
        self._listeners.lost()
        ours = self._slots[0].member
        clients = self._member(self.serving) or ours
        # A probe meant for a new instance that shut its listener down must not be answered by the old one.
        probes = clients if self.probing is None else self._member(self.probing) or ours
        self._listeners.steer(clients, probes)
        self._holder.serves(clients is not ours)

    def _member(self, slot: int | None) -> socket.socket | None:
        member = None if slot is None else self._slots[slot].member
        return member if member is not None and self._listeners.listens(member) else None


def _steerable(host: str) -> str:
    if not sys.platform.startswith("linux"):
        raise SteeringUnavailable("only Linux can steer connections between listeners")
    host = "127.0.0.1" if host == "localhost" else host
    try:
        socket.inet_pton(socket.AF_INET6 if ":" in host else socket.AF_INET, host)
    except OSError as problem:
        raise SteeringUnavailable(f"connections to `{host}` cannot be steered: it is no address") from problem
    return host


async def _connect(to: Listeners) -> socket.socket:
    """Connect as a client does: the handshake ends in the queue of whatever serves at this moment."""
    connection = socket.socket(to.family, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
    try:
        await asyncio.get_running_loop().sock_connect(connection, (to.reached, to.port))
    except BaseException:
        connection.close()
        raise
    return connection


def _on_ipv6_loopback(host: str, port: int) -> bool:
    """Whether somebody has the port on ::1 only, where clients that say `localhost` look first."""
    if not (port and (host.startswith("127.") or (host in EVERYWHERE and ":" not in host))):
        return False
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_STREAM) as trial:
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            trial.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            trial.bind(("::1", port))
    except OSError as problem:
        return problem.errno == errno.EADDRINUSE  # anything else: no IPv6 here
    return False


def _taken(port: int, service: str, occupant: Callable[[int], Occupant | None] | None, where: str = "") -> PortTaken:
    who = occupant(port) if occupant is not None else None
    name = "a process that cannot be named"
    if who is not None:
        name = who.command if who.pid is None else f"`{who.command}` (pid {who.pid})"
    key = f"services.{service}.port" if service else "another port"
    return PortTaken(
        f"port {port}{where} is taken by {name}",
        f"stop it, or set {key} in hybrid.toml",
        subject=f"service `{service}`" if service else "",
    )


def _queued(member: socket.socket) -> int:
    info = member.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _TCP_INFO_SIZE)
    waiting: int = struct.unpack_from("I", info, _TCP_INFO_UNACKED)[0]
    return waiting
