"""Who listens where: asked of the kernel by netlink, or read from /proc where that is not allowed."""

from __future__ import annotations

import os
import re
import socket
import sys
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass

from hybrid_tasks.process import procfs, sockdiag, socktable
from hybrid_tasks.process.sockdiag import Listener

__all__ = [
    "Holder",
    "Listener",
    "accepted_inode",
    "clients",
    "connections",
    "free_port",
    "has_open",
    "holder",
    "inodes_of",
    "is_free",
    "listeners",
    "listening",
    "owner_of",
]

WILDCARDS = frozenset({"0.0.0.0", "::"})  # noqa: S104 -- compared with, not bound
SOCKET = re.compile(r"socket:\[(\d+)\]")


@dataclass(frozen=True, slots=True)
class Holder:
    """The process that has a port.

    Args:
        pid: its number, or None when it is not ours to look at.
        command: its name, or whose it is.
    """

    pid: int | None
    command: str


def accepted_inode(client: socket.socket) -> int | None:
    """The inode of the other end of a connection on this machine.

    Args:
        client: a connected TCP socket whose peer is on this machine.

    Returns:
        0 while nobody has accepted it, None when there is no such connection.
    """
    try:
        local, remote = client.getsockname()[:2], client.getpeername()[:2]
    except OSError:  # reset meanwhile
        return None
    try:
        return sockdiag.connection_inode(client.family, remote, local)
    except OSError:
        return socktable.connection_inode(remote, local)


def is_free(port: int) -> bool:
    """Whether nobody has a port on any address; False: perhaps somebody has.

    A socket is bound there for a moment, which takes a tenth of the time that going through all listeners does.

    Args:
        port: the port.
    """
    if sys.platform != "linux":  # elsewhere a port can be taken although one address of it is in use
        return False
    family, everywhere = (socket.AF_INET6, "::") if socket.has_ipv6 else (socket.AF_INET, "0.0.0.0")  # noqa: S104 - nothing listens
    try:
        with socket.socket(family, socket.SOCK_STREAM) as trial:
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # what only lingers there does not count
            if family == socket.AF_INET6:
                trial.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
            trial.bind((everywhere, port))
    except OSError:
        return False
    return True


def listeners(port: int, host: str | None = None) -> list[Listener]:
    """The sockets that listen on a TCP port.

    Args:
        port: the port.
        host: only those that would get connections to this address; None means all.

    Returns:
        one entry a socket; several may share a port.
    """
    try:
        found = sockdiag.listeners(port)
    except OSError:
        found = socktable.listeners(port)
    if host is None:
        return found
    addresses = _addresses(host)
    return [one for one in found if addresses & WILDCARDS or one.address in addresses | WILDCARDS]


def inodes_of(pids: Iterable[int]) -> set[int]:
    """The inodes of all sockets these processes have open.

    Args:
        pids: processes of ours.
    """
    files = (file for pid in pids for file in procfs.open_files(pid))
    return {int(match[1]) for file in files if (match := SOCKET.fullmatch(file))}


def has_open(pids: Iterable[int], inode: int) -> bool:
    """Whether one of these processes has a socket open; of a connection just accepted that takes one look.

    Args:
        pids: processes of ours.
        inode: of the socket.
    """
    wanted = f"socket:[{inode}]"
    return any(file == wanted for pid in pids for file in procfs.open_files(pid))


def owner_of(inode: int) -> tuple[int, str] | None:
    """A process that has this socket open.

    Args:
        inode: of the socket.

    Returns:
        pid and name, or None when it is not ours to look at.
    """
    wanted = f"socket:[{inode}]"
    for pid in (os.getpid(), *procfs.pids()):
        if wanted in procfs.open_files(pid):
            return pid, (procfs.read(pid, "comm") or b"unknown").decode(errors="replace").strip()
    return None


def holder(port: int, host: str | None = None) -> Holder | None:
    """Who has a port.

    Args:
        port: the port.
        host: only who would get connections to this address; None means anybody.

    Returns:
        None when nobody listens there.
    """
    found = listeners(port, host)
    for one in found:
        if (owner := owner_of(one.inode)) is not None:
            return Holder(*owner)
    return Holder(None, f"a process of user {found[0].uid}") if found else None


def connections(port: int) -> list[int]:
    """The inodes of the ends of open connections that are on a TCP port; 0 for one that waits to be accepted.

    Args:
        port: the port.
    """
    try:
        return sockdiag.connections(port)
    except OSError:
        return socktable.connections(port)


def clients(port: int) -> list[int]:
    """The inodes of the ends, on this machine, of open connections whose other end is on a TCP port.

    Args:
        port: the port.
    """
    try:
        return sockdiag.clients(port)
    except OSError:
        return socktable.clients(port)


def listening(pids: Iterable[int]) -> dict[int, int]:
    """The TCP ports these processes listen on, by the inodes of their sockets.

    Args:
        pids: processes of ours.
    """
    try:
        found = sockdiag.listening()
    except OSError:
        found = socktable.listening()
    theirs = inodes_of(pids)
    return {inode: port for inode, port in found.items() if inode in theirs}


def free_port(host: str = "127.0.0.1") -> int:
    """A port that nobody has at this moment.

    Args:
        host: the address it must be free on.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as sock:
        sock.bind((host, 0))
        return int(sock.getsockname()[1])


def _addresses(host: str) -> set[str]:
    with suppress(OSError):
        return {str(info[4][0]) for info in socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)}
    return {host}
