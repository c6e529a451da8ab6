"""A steered port on loopback, clients that connect to it, and what an instance does on its listener."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import select
import socket
from collections.abc import AsyncIterator, Awaitable, Callable

from hybrid_tasks.engine.steering import SteeredPort


@contextlib.asynccontextmanager
async def steered(host: str = "127.0.0.1") -> AsyncIterator[SteeredPort]:
    port = SteeredPort.open(host, 0)
    try:
        yield port
    finally:
        await port.close()


def run(test: Callable[[SteeredPort], Awaitable[None]]) -> None:
    async def main() -> None:
        async with asyncio.timeout(30), steered() as port:
            await test(port)

    asyncio.run(main())
    gc.collect()


def connect(port: SteeredPort, source: str | None = None) -> socket.socket:
    return socket.create_connection(
        ("127.0.0.1", port.port), timeout=10, source_address=(source, 0) if source else None
    )


def waiting(listener: socket.socket, within: float = 0) -> bool:
    return bool(select.select([listener], [], [], within)[0])


def accept(listener: socket.socket, within: float = 10) -> socket.socket:
    assert waiting(listener, within), "nobody connected"
    return listener.accept()[0]


def serve_once(listener: socket.socket, answer: bytes) -> bytes:
    """What an instance does, in a thread: accept one connection, answer, close."""
    with accept(listener) as connection:
        connection.settimeout(10)
        heard = connection.recv(1000)
        connection.sendall(answer)
    return heard
