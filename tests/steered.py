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


def run(test: Callable[[SteeredPort], Awaitable[None]], host: str = "127.0.0.1") -> None:
    async def main() -> None:
        async with asyncio.timeout(30), steered(host) as port:
            await test(port)

    asyncio.run(main())
    gc.collect()


def connect(port: SteeredPort, *, probe: bool = False, to: str | None = None) -> socket.socket:
    """Connect as a client does, or as our probes do."""
    address = to or port._listeners.reached
    connection = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
    connection.settimeout(10)
    if probe:
        port.mark(connection)
    connection.connect((address, port.port))
    return connection


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
