"""TCP sockets as /proc/net/tcp and tcp6 show them, for where netlink is not to be had."""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterator
from pathlib import Path

from hybrid_tasks.process.sockdiag import Address, Listener

ESTABLISHED, LISTEN = "01", "0A"
TABLES = {socket.AF_INET: Path("/proc/net/tcp"), socket.AF_INET6: Path("/proc/net/tcp6")}


def listeners(port: int) -> list[Listener]:
    """All sockets that listen on a port.

    Args:
        port: the port.
    """
    return [
        Listener(local[0], inode, uid)
        for state, local, _, uid, inode in _rows()
        if state == LISTEN and local[1] == port
    ]


def listening() -> dict[int, int]:
    """The ports of all listening sockets, by their inodes."""
    return {inode: local[1] for state, local, _, _, inode in _rows() if state == LISTEN}


def connections(port: int) -> list[int]:
    """The inodes of the ends of open connections that are on a port; 0 for one that waits to be accepted.

    Args:
        port: the port.
    """
    return [inode for state, local, _, _, inode in _rows() if state == ESTABLISHED and local[1] == port]


def clients(port: int) -> list[int]:
    """The inodes of the ends, on this machine, of open connections whose other end is on a port.

    Args:
        port: the port.
    """
    return [inode for state, _, remote, _, inode in _rows() if state == ESTABLISHED and remote[1] == port]


def connection_inode(local: Address, remote: Address) -> int | None:
    """The inode of one end of a connection.

    Args:
        local: address and port of the end in question.
        remote: address and port of the other end.

    Returns:
        0 while it waits to be accepted, None when there is no such connection.
    """
    wanted = (_plain(local), _plain(remote))
    for _, here, there, _, inode in _rows():
        if (_plain(here), _plain(there)) == wanted:
            return inode
    return None


def _plain(address: Address) -> Address:
    # A socket of both families shows an IPv4 peer in its IPv6 dress.
    return address[0].removeprefix("::ffff:").partition("%")[0], address[1]


def _rows() -> Iterator[tuple[str, Address, Address, int, int]]:
    for family, path in TABLES.items():
        try:
            lines = path.read_text("ascii").splitlines()[1:]
        except OSError:
            continue
        for line in lines:
            fields = line.split()
            yield fields[3], _address(family, fields[1]), _address(family, fields[2]), int(fields[7]), int(fields[9])


def _address(family: int, text: str) -> Address:
    host, _, port = text.partition(":")
    # 32-bit words in the order of the machine.
    words = [int(host[at : at + 8], 16) for at in range(0, len(host), 8)]
    return socket.inet_ntop(family, struct.pack(f"={len(words)}I", *words)), int(port, 16)
