"""Servers that answer a probe as they are told to, on real sockets."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable

from hybrid_tasks.health.asked import Asked
from hybrid_tasks.health.probes import ask
from hybrid_tasks.model.probe import HttpProbe, Probe
from hybrid_tasks.model.verdict import Verdict

Answer = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
GET = HttpProbe("/healthz")


@contextlib.asynccontextmanager
async def serving(answer: Answer, host: str = "127.0.0.1", tls: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    busy = 0

    async def meet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal busy
        busy += 1
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            await answer(reader, writer)
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()
        busy -= 1

    server = await asyncio.start_server(meet, host, 0, ssl=tls)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        while busy:  # noqa: ASYNC110 - the test has its own deadline
            await asyncio.sleep(0.001)


def says(*parts: bytes, then: Awaitable[None] | None = None) -> Answer:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        for part in parts:
            writer.write(part)
            await writer.drain()

    return answer


async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read()


def asking(answer: Answer, probe: Probe = GET, **more: object) -> Verdict:
    async def main() -> Verdict:
        async with asyncio.timeout(30), serving(answer) as port:
            return await ask(probe, Asked(port=port, **{"timeout": 10.0, **more}))  # type: ignore[arg-type]

    return asyncio.run(main())
