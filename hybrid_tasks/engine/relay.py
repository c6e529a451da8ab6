"""Copying one connection to another, both ways, until both are done."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct

CHUNK = 64 * 1024
"""What is held of one direction at most, in bytes: nothing is read before the last chunk is written."""

_LAST_WORDS = 2.0
"""Seconds a client may go on talking to a server that has said its last word."""


async def relay(client: socket.socket, server: socket.socket, first: bytes = b"") -> None:
    """Copy bytes both ways, passing on half-closes and resets; the server's side is closed at the end.

    Args:
        client: non-blocking, for the caller to close; it will be a reset if either side broke off.
        server: non-blocking, connected.
        first: what was already read from the client.
    """
    try:
        async with asyncio.TaskGroup() as both:
            for side in (client, server):
                side.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            up = both.create_task(_copy(client, server, first))
            down = both.create_task(_copy(server, client))
            await asyncio.wait({down})  # a client that half-closes may wait for its answer as long as it likes
            await asyncio.wait({up}, timeout=_LAST_WORDS)
            up.cancel()
    except* OSError:
        reset(client)
        reset(server)
    finally:
        server.close()


def reset(side: socket.socket) -> None:
    """Make the coming close a reset, so that a broken answer does not look like a complete one.

    Args:
        side: a connected socket.
    """
    with contextlib.suppress(OSError):
        side.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


async def _copy(source: socket.socket, sink: socket.socket, first: bytes = b"") -> None:
    loop = asyncio.get_running_loop()
    if first:
        await loop.sock_sendall(sink, first)
    while data := await loop.sock_recv(source, CHUNK):
        await loop.sock_sendall(sink, data)
    with contextlib.suppress(OSError):  # the other side is gone already
        sink.shutdown(socket.SHUT_WR)
