"""Clients of a steered port, as a process of their own: a steady rate of requests until standard input ends.

`python steered_load.py PORT RATE` opens a connection for each request; `… PORT RATE keep` keeps eight and
repeats a GET once on a new connection when the old one was closed while idle; an address with a colon in it
is asked instead of 127.0.0.1. Prints a line after the first answer, and a JSON summary.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time

Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Load:
    def __init__(self, port: int, rate: float, keep: int, host: str) -> None:
        self.host = host
        self.port = port
        self.pause = 1 / rate
        self.keep = keep
        self.answered: list[float] = []
        self.slowest = 0.0
        self.versions: dict[str, int] = {}
        self.failed: list[str] = []
        self.repeated = 0
        self.over = asyncio.Event()

    async def run(self) -> dict[str, object]:
        asyncio.get_running_loop().add_reader(sys.stdin, self.over.set)
        await (self.one_each() if not self.keep else self.kept())
        asyncio.get_running_loop().remove_reader(sys.stdin)
        gaps = [later - earlier for earlier, later in zip(self.answered, self.answered[1:], strict=False)]
        return {
            "answered": len(self.answered),
            "failed": self.failed[:10],
            "failures": len(self.failed),
            "versions": self.versions,
            "repeated": self.repeated,
            "gap_ms": round(max(gaps, default=0) * 1000, 1),
            "slowest_ms": round(self.slowest * 1000, 1),
        }

    async def one_each(self) -> None:
        due = time.monotonic()
        async with asyncio.TaskGroup() as requests:
            while not self.over.is_set():
                requests.create_task(self.once())
                due += self.pause
                await asyncio.sleep(max(0.0, due - time.monotonic()))

    async def once(self) -> None:
        begun = time.monotonic()
        try:
            connection = await self.connect()
            try:
                await self.get(connection, b"close")
            finally:
                connection[1].close()
        except (OSError, EOFError, ValueError) as problem:
            self.failed.append(repr(problem))
        self.slowest = max(self.slowest, time.monotonic() - begun)

    async def kept(self) -> None:
        async with asyncio.TaskGroup() as clients:
            for _ in range(self.keep):
                clients.create_task(self.one_client())

    async def one_client(self) -> None:
        connection = await self.connect()
        while not self.over.is_set():
            try:
                try:
                    await self.get(connection, b"keep-alive")
                except (ConnectionError, asyncio.IncompleteReadError) as problem:
                    if getattr(problem, "partial", b""):
                        raise
                    connection[1].close()
                    connection = await self.connect()
                    self.repeated += 1
                    await self.get(connection, b"keep-alive")
            except (OSError, EOFError, ValueError) as problem:
                self.failed.append(repr(problem))
                connection[1].close()
                connection = await self.connect()
            await asyncio.sleep(self.pause * self.keep)
        connection[1].close()

    async def connect(self) -> Connection:
        return await asyncio.open_connection(self.host, self.port)

    async def get(self, connection: Connection, then: bytes) -> None:
        reader, writer = connection
        writer.write(b"GET /work HTTP/1.1\r\nHost: localhost\r\nConnection: " + then + b"\r\n\r\n")
        head = await reader.readuntil(b"\r\n\r\n")
        lines = head.lower().split(b"\r\n")
        length = next(int(line.partition(b":")[2]) for line in lines if line.startswith(b"content-length:"))
        version = (await reader.readexactly(length)).decode()
        if b" 200 " not in head[:15]:
            raise ValueError(head[:15] + version[:100].encode())
        if not self.answered:
            print("answered", flush=True)
        self.answered.append(time.monotonic())
        self.versions[version] = self.versions.get(version, 0) + 1


if __name__ == "__main__":
    hosts = [word for word in sys.argv[3:] if ":" in word]
    keep = 8 if "keep" in sys.argv[3:] else 0
    load = Load(int(sys.argv[1]), float(sys.argv[2]), keep, (hosts or ["127.0.0.1"])[0])
    print(json.dumps(asyncio.run(load.run())))
