"""A holder on a listener of its own, with clients before it and an instance behind it."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import gc
import socket
import sys
import termios
from collections.abc import AsyncIterator

from hybrid_tasks.engine.holding import Holder
from hybrid_tasks.engine.marking import PROBE_SOURCE

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Scene:
    """A holder on a listener of its own, and an instance that can be reached through it."""

    def __init__(self, patience: float, most: int) -> None:
        self.front = socket.create_server(("127.0.0.1", 0), backlog=100)
        self.holder = Holder(self._connect, lambda peer: peer[0] == PROBE_SOURCE, patience, most)
        self.instance: asyncio.Server | None = None
        self.met: asyncio.Queue[Streams] = asyncio.Queue()
        self._open: list[asyncio.StreamWriter] = []

    async def _connect(self) -> socket.socket:
        assert self.instance is not None
        connection = socket.socket()
        connection.setblocking(False)
        await asyncio.get_running_loop().sock_connect(connection, self.instance.sockets[0].getsockname())
        return connection

    async def client(self) -> Streams:
        streams = await asyncio.open_connection(*self.front.getsockname())
        self._open.append(streams[1])
        return streams

    async def serve(self) -> None:
        async def meet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            self._open.append(writer)
            await self.met.put((reader, writer))

        self.instance = await asyncio.start_server(meet, "127.0.0.1", 0)
        self.holder.serves(True)

    async def held(self, count: int) -> None:
        while len(self.holder._held) != count:  # noqa: ASYNC110 - what is under test has no event for us
            await asyncio.sleep(0.001)

    async def read(self) -> None:
        """Wait until what clients have sent so far has been taken from the held connections."""
        while any(_unread(client) for client in self.holder._held.values()):  # noqa: ASYNC110 - as above
            await asyncio.sleep(0.001)

    async def full(self) -> None:
        """Wait until no more clients are attended."""
        while not self.holder._paused:  # noqa: ASYNC110 - as above
            await asyncio.sleep(0.001)


def _unread(connection: socket.socket) -> int:
    room = bytearray(4)
    fcntl.ioctl(connection, termios.FIONREAD, room)
    return int.from_bytes(room, sys.byteorder)


@contextlib.asynccontextmanager
async def scene(patience: float = 0.0, most: int = 100) -> AsyncIterator[Scene]:
    here = Scene(patience, most)
    here.holder.accept_from(here.front)
    try:
        async with asyncio.timeout(30):
            yield here
    finally:
        await here.holder.close()
        here.front.close()
        if here.instance:
            here.instance.close()
        for writer in here._open:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()
        gc.collect()


def play(body: object) -> None:
    asyncio.run(body())  # type: ignore[operator]
