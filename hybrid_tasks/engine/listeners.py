"""The members of one SO_REUSEPORT group, in the order in which the kernel numbers them.

The kernel appends a member at `listen` and, when one leaves, moves the *last* one into its place. This
file is the only one that knows that. Two things follow: a member that is exchanged by first adding the new
one and then shutting the old one down hands its number on, and a member that a program has shut down
behind our back has moved the last one, which `lost` puts right.
"""

from __future__ import annotations

import contextlib
import errno
import select
import socket

from hybrid_tasks.engine import bpf
from hybrid_tasks.engine.marking import ByAddress, ByPort, Mark
from hybrid_tasks.errors import HybridError, SteeringUnavailable

BACKLOG = 4096
EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - the user's choice, never a default
"""All addresses of this machine, and the one by which we reach what listens there."""


class Listeners:
    """One group on one address.

    Args:
        host: an IPv4 or IPv6 address; `::` serves IPv4 as well.
        port: the port, or 0 for any free one.

    Raises:
        OSError: EADDRINUSE when anybody listens on that port already.
        HybridError: the address cannot be used for another reason.
        SteeringUnavailable: this kernel cannot steer.
    """

    def __init__(self, host: str, port: int) -> None:
        self._ended = select.epoll()
        self._order: list[socket.socket] = []
        self._open: set[socket.socket] = set()  # those of the group, and those that dropped out of it
        self.host = host
        self.family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self.mark: Mark = ByPort(self.reached) if ":" in host else ByAddress()
        # The first member binds alone: joining would silently share the port with any group of the same user.
        first = self._socket()
        try:
            _bind(first, host, port)
            first.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            self.port: int = first.getsockname()[1]
            self._listen(first)
            bpf.attach(first, self.mark.program(0, 0))
        except OSError as problem:
            first.close()
            self._ended.close()
            if problem.errno in {errno.ENOPROTOOPT, errno.EOPNOTSUPP, errno.EINVAL}:
                raise SteeringUnavailable("this kernel cannot steer connections between listeners") from problem
            raise
        except HybridError:
            first.close()
            self._ended.close()
            raise
        self.first = first

    @property
    def reached(self) -> str:
        """The address to connect to."""
        return EVERYWHERE.get(self.host, self.host)

    def add(self) -> socket.socket:
        """Open one more member; it gets no connection until it is steered to.

        Returns:
            a listening, blocking socket.
        """
        member = self._socket()
        try:
            member.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            _bind(member, self.host, self.port)
            self._listen(member)
        except BaseException:
            member.close()
            raise
        return member

    def replace(self, old: socket.socket) -> socket.socket:
        """Exchange a member that nobody is steered to, so that nothing a program did to it stays.

        Args:
            old: the member; it is shut down for whoever still has it, too.

        Returns:
            a new member in its place.
        """
        self.lost()
        new = self.add()
        self._leave(old)
        with contextlib.suppress(OSError):  # already shut down
            old.shutdown(socket.SHUT_RDWR)
        self._open.discard(old)
        old.close()
        return new

    def listens(self, member: socket.socket) -> bool:
        """Whether connections can still reach this member.

        Args:
            member: one of the group.
        """
        return member in self._order and bool(member.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN))

    def steer(self, clients: socket.socket, probes: socket.socket) -> None:
        """Send everybody to one member and our probes to another.

        Args:
            clients: a listening member.
            probes: a listening member.
        """
        bpf.attach(self.first, self.mark.program(self._order.index(clients), self._order.index(probes)))

    def lost(self) -> list[socket.socket]:
        """Take the members out that were shut down from outside; steer again when there are any.

        Returns:
            those members.
        """
        gone = [member for member in self._order if not self.listens(member)]
        for member in gone:
            self._leave(member)
        return gone

    def fileno(self) -> int:
        """A descriptor that is readable as soon as `lost` has something to say."""
        return self._ended.fileno()

    def close(self) -> None:
        """Give the port back, also from whoever still has a copy; what waits in the queues is reset."""
        for member in self._open:
            with contextlib.suppress(OSError):
                member.shutdown(socket.SHUT_RDWR)
            member.close()
        self._open.clear()
        self._order.clear()
        self._ended.close()
        self.mark.close()

    def _socket(self) -> socket.socket:
        member = socket.socket(self.family, socket.SOCK_STREAM)
        # With SO_REUSEADDR old connections in TIME_WAIT do not matter, listeners do.
        member.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if self.family == socket.AF_INET6:
            member.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        return member

    def _listen(self, member: socket.socket) -> None:
        member.listen(BACKLOG)
        self._order.append(member)
        self._open.add(member)
        self._ended.register(member.fileno(), 0)  # no event asked for: EPOLLHUP is always reported

    def _leave(self, member: socket.socket) -> None:
        if member not in self._order:
            return
        self._ended.unregister(member.fileno())
        place = self._order.index(member)
        last = self._order.pop()
        if last is not member:
            self._order[place] = last


def _bind(member: socket.socket, host: str, port: int) -> None:
    try:
        member.bind((host, port))
    except PermissionError as problem:
        raise HybridError(
            f"port {port} may not be used by this user", "ports below 1024 belong to root: set another port"
        ) from problem
    except OSError as problem:
        if problem.errno != errno.EADDRNOTAVAIL:
            raise
        raise HybridError(
            f"`{host}` is not an address of this machine", 'set host = "127.0.0.1" or host = "0.0.0.0"'
        ) from problem
