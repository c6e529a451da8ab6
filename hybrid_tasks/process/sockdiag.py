"""Asking the kernel about TCP sockets: netlink sock_diag (see sock_diag(7)), no privilege needed."""

from __future__ import annotations

import errno
import os
import socket
import struct
from collections.abc import Iterator
from dataclasses import dataclass

NETLINK_SOCK_DIAG = 4
SOCK_DIAG_BY_FAMILY = 20
NLM_F_REQUEST, NLM_F_DUMP = 1, 0x300
NLMSG_ERROR, NLMSG_DONE = 2, 3
ESTABLISHED, LISTEN = 1, 10
ANY_STATE = 0xFFFFFFFF
NO_COOKIE = 0xFFFFFFFF

HEADER = struct.Struct("=IHHII")
REQUEST = struct.Struct("=BBBBI")  # family, protocol, extensions, padding, states
PORTS = struct.Struct("!HH")
TAIL = struct.Struct("=III")  # interface, cookie, cookie
ANSWER = struct.Struct("=IIIII")  # expires, receive queue, send queue, uid, inode
_SECOND = struct.pack("@ll", 1, 0)
ANSWER_AT = 4 + 48 + 0  # after family, state, timer, retransmissions, and the socket's id

Address = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Listener:
    """A listening socket: its address as text, its inode, and the user it belongs to."""

    address: str
    inode: int
    uid: int = 0


def listeners(port: int) -> list[Listener]:
    """All sockets that listen on a port, of both families.

    Args:
        port: the port.

    Raises:
        OSError: netlink is not to be had here.
    """
    return [listener for number, _, listener in _all(LISTEN, here=port) if number == port]


def listening() -> dict[int, int]:
    """The ports of all listening sockets of this machine, by their inodes.

    Raises:
        OSError: netlink is not to be had here.
    """
    return {listener.inode: number for number, _, listener in _all(LISTEN)}


def connections(port: int) -> list[int]:
    """The inodes of the ends of open connections that are on a port; 0 for one that waits to be accepted.

    Args:
        port: the port.

    Raises:
        OSError: netlink is not to be had here.
    """
    return [end.inode for number, _, end in _all(ESTABLISHED, here=port) if number == port]


def clients(port: int) -> list[int]:
    """The inodes of the ends, on this machine, of open connections whose other end is on a port.

    Args:
        port: the port.

    Raises:
        OSError: netlink is not to be had here.
    """
    return [end.inode for _, number, end in _all(ESTABLISHED, there=port) if number == port]


def _all(state: int, here: int = 0, there: int = 0) -> Iterator[tuple[int, int, Listener]]:
    """All sockets in a state, each with its port and that of its other end; with ports at least all that have those."""
    for family in (socket.AF_INET, socket.AF_INET6):
        request = _request(family, 1 << state, ("", here), ("", there))
        for reply in _ask(request, NLM_F_REQUEST | NLM_F_DUMP):
            size = 4 if reply[0] == socket.AF_INET else 16
            address = socket.inet_ntop(reply[0], reply[8 : 8 + size])
            *_, uid, inode = ANSWER.unpack_from(reply, ANSWER_AT)
            yield *PORTS.unpack_from(reply, 4), Listener(address, inode, uid)


def connection_inode(family: int, local: Address, remote: Address) -> int | None:
    """The inode of one end of a connection.

    Args:
        family: AF_INET or AF_INET6.
        local: address and port of the end in question.
        remote: address and port of the other end.

    Returns:
        0 while it waits to be accepted, None when there is no such connection.

    Raises:
        OSError: netlink is not to be had here.
    """
    request = _request(family, ANY_STATE, local, remote)
    for reply in _ask(request, NLM_F_REQUEST):
        return int(ANSWER.unpack_from(reply, ANSWER_AT)[4])
    return None


def _request(family: int, states: int, local: Address, remote: Address) -> bytes:
    packed = (_packed(family, local[0]), _packed(family, remote[0]))
    return b"".join(
        (
            REQUEST.pack(family, socket.IPPROTO_TCP, 0, 0, states),
            PORTS.pack(local[1], remote[1]),
            *packed,
            TAIL.pack(0, NO_COOKIE, NO_COOKIE),
        )
    )


def _packed(family: int, address: str) -> bytes:
    return (socket.inet_pton(family, address.partition("%")[0]) if address else b"").ljust(16, b"\0")


def _ask(request: bytes, flags: int) -> Iterator[bytes]:
    if not hasattr(socket, "AF_NETLINK"):
        raise OSError(errno.EAFNOSUPPORT, os.strerror(errno.EAFNOSUPPORT))
    with socket.socket(socket.AF_NETLINK, socket.SOCK_DGRAM, NETLINK_SOCK_DIAG) as sock:
        try:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, _SECOND)  # costs less than a timeout of Python's
        except OSError:  # a 32-bit system with 64-bit time has another `struct timeval`
            sock.settimeout(1)
        sock.sendto(HEADER.pack(HEADER.size + len(request), SOCK_DIAG_BY_FAMILY, flags, 1, 0) + request, (0, 0))
        while True:
            data = sock.recv(1 << 17)
            while data:
                length, kind, *_ = HEADER.unpack_from(data)
                body, data = data[HEADER.size : length], data[(length + 3) & ~3 :]
                if kind == NLMSG_DONE:
                    return
                if kind == NLMSG_ERROR:
                    (number,) = struct.unpack_from("=i", body)
                    if number in {0, -errno.ENOENT}:
                        return
                    raise OSError(-number, os.strerror(-number))
                yield body
            if not flags & NLM_F_DUMP:
                return
