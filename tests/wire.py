"""A server on a socket, and clients that write whatever bytes they like."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from hybrid_tasks.control import codec
from hybrid_tasks.control.messages import Request, ask
from hybrid_tasks.control.server import Reply, Server, serve

Handler = Callable[[Request, Reply], Awaitable[None]]


async def greet(request: Request, reply: Reply) -> None:
    reply.result({"op": request.op, "args": dict(request.args)})


@asynccontextmanager
async def served(path: Path, handler: Handler = greet, **options: object) -> AsyncIterator[Server]:
    server = await serve(path, handler, uid=os.geteuid(), **options)  # type: ignore[arg-type]
    try:
        yield server
    finally:
        await server.close()


def frame(op: str = "status", **args: object) -> bytes:
    return codec.encode(ask(op, args, {}).as_json())


async def say(path: Path, data: bytes, *, eof: bool = False) -> list[dict[str, object]]:
    reader, writer = await asyncio.open_unix_connection(str(path), limit=codec.REPLY_LIMIT)
    try:
        try:
            writer.write(data)
            await writer.drain()
            if eof:
                writer.write_eof()
        except ConnectionError:
            pass
        async with asyncio.timeout(30):
            lines = (await reader.read(-1)).splitlines(keepends=True)
    except ConnectionError:
        return []
    finally:
        writer.close()
    return [codec.decode(line, codec.REPLY_LIMIT) for line in lines]


def run(scenario: Awaitable[None]) -> None:
    async def limited() -> None:
        async with asyncio.timeout(60):
            await scenario

    asyncio.run(limited())
