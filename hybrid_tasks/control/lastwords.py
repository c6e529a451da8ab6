"""Unix streams that lose nothing of what a client said before it hung up."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from collections.abc import Awaitable, Callable

Accept = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
_AT_ONCE = 65536


class HeardOut(asyncio.StreamReaderProtocol):
    """A stream whose end is a plain end of file, after all that was sent.

    When we write to a client that has just gone, asyncio closes the connection with what it has not read yet, and
    its reader forgets what it has. A command that cancels its request and leaves would not be heard.

    Args:
        reader: gets what is sent.
        accept: called with the streams once the connection stands.
    """

    def __init__(self, reader: asyncio.StreamReader, accept: Accept) -> None:
        super().__init__(reader, accept)
        self._rest = reader
        self._link: asyncio.BaseTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep what leads to the socket."""
        self._link = transport
        super().connection_made(transport)

    def connection_lost(self, _exc: Exception | None) -> None:
        """Read what is left: the socket is closed after this."""
        link = self._link.get_extra_info("socket") if self._link is not None else None
        with contextlib.suppress(OSError):
            while link is not None and (rest := os.read(link.fileno(), _AT_ONCE)):
                self._rest.feed_data(rest)
        super().connection_lost(None)


async def start_unix_server(accept: Accept, link: socket.socket, *, limit: int, backlog: int) -> asyncio.Server:
    """Do as `asyncio.start_unix_server`, with such streams.

    Args:
        accept: called with the streams of each client.
        link: a bound socket.
        limit: bytes that a reader keeps.
        backlog: clients that may wait to be accepted.

    Returns:
        the server, which listens.
    """
    loop = asyncio.get_running_loop()
    return await loop.create_unix_server(
        lambda: HeardOut(asyncio.StreamReader(limit=limit), accept), sock=link, backlog=backlog
    )
