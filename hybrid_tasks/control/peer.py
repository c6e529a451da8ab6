"""Who is at the other end of a Unix socket."""

from __future__ import annotations

import os
import socket
import struct
import sys
from typing import Protocol

UCRED = struct.Struct("iII")


class Asked(Protocol):
    """What we need of a socket; asyncio hands out its own kind."""

    def getsockopt(self, level: int, optname: int, buflen: int) -> bytes:
        """Read a socket option of `buflen` bytes."""


def peer_uid(connection: Asked) -> int:
    """Tell the user id of the process at the other end, as the kernel knows it.

    Args:
        connection: a connected Unix socket.

    Returns:
        the user id; it cannot be forged by the other side.

    Raises:
        OSError: the socket is not connected.
    """
    if sys.platform == "darwin":
        # struct xucred: version, uid, …; LOCAL_PEERCRED is 1 at level SOL_LOCAL 0
        uid: int = struct.unpack_from("II", connection.getsockopt(0, 1, 76))[1]
        return uid
    credentials: tuple[int, int, int] = UCRED.unpack(
        connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, UCRED.size)
    )
    return credentials[1]


def peer_pid(connection: Asked) -> int | None:
    """Tell which process made the other end, where the system knows.

    Args:
        connection: a connected Unix socket.

    Returns:
        its process id as seen from here, or None.
    """
    try:
        if sys.platform == "darwin":
            pid: int = struct.unpack("i", connection.getsockopt(0, 2, 4))[0]  # LOCAL_PEERPID
            return pid
        credentials: tuple[int, int, int] = UCRED.unpack(
            connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, UCRED.size)
        )
    except OSError:
        return None
    return credentials[0] or None


def own_uid() -> int:
    """The user id a peer must have."""
    return os.geteuid()
