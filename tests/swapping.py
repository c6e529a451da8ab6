"""A service whose real instances take turns on a steered port, and clients that load it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import socket
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

from hybrid_tasks.engine.steering import SteeredPort
from hybrid_tasks.health.asked import Asked
from hybrid_tasks.health.monitor import first_answer
from hybrid_tasks.model.command import Command
from hybrid_tasks.model.probe import HttpProbe, Pace
from hybrid_tasks.model.service import Stop
from hybrid_tasks.model.verdict import Healthy, Verdict
from hybrid_tasks.process import ports
from hybrid_tasks.process.jobs import Job, Jobs, JobSpec

LOAD = Path(__file__).with_name("steered_load.py")
RATE = 200

TINY = """
import http.server, os, signal, socket, sys, threading

version, mode = sys.argv[1:3]
assert os.environ["LISTEN_PID"] == str(os.getpid()) and os.environ["LISTEN_FDS"] == "1"

class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        print(self.path, flush=True)
        if mode == "hang":
            threading.Event().wait()
        self.send_response(500 if mode == "500" else 200)
        self.send_header("Content-Length", str(len(version)))
        self.end_headers()
        self.wfile.write(version.encode())
    def log_message(self, *args):
        pass

class Server(http.server.ThreadingHTTPServer):
    daemon_threads = mode == "hang"
    block_on_close = mode != "hang"

server = Server(("", 0), Handler, bind_and_activate=False)
server.socket.close()
server.socket = socket.socket(fileno=3)
signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
server.serve_forever(0.05)
server.server_close()  # waits for the requests in flight
"""


ASGI = """
VERSION = b"{version}"

async def app(scope, receive, send):
    if scope["type"] == "http":
        length = str(len(VERSION)).encode()
        await send({{"type": "http.response.start", "status": 200, "headers": [(b"content-length", length)]}})
        await send({{"type": "http.response.body", "body": VERSION}})
"""


class Tree:
    """The ownership of one process: these programs have no descendants."""

    def __init__(self, pid: int) -> None:
        self.pid = pid

    def belongs(self, connection: socket.socket) -> bool | None:
        inode = ports.accepted_inode(connection)
        return inode in ports.inodes_of({self.pid}) if inode else None

    def stranger(self, connection: socket.socket) -> str:
        return str(ports.owner_of(ports.accepted_inode(connection) or 0))


class Service:
    """What the supervisor does with a service, in short."""

    def __init__(self, folder: Path, jobs: Jobs, port: SteeredPort) -> None:
        self.folder = folder
        self.jobs = jobs
        self.port = port
        self.serving: tuple[Job, int] | None = None
        self.retiring: set[asyncio.Task[None]] = set()
        (folder / "tiny.py").write_text(TINY)

    def tiny(self, version: str, mode: str = "good") -> tuple[str, ...]:
        return (sys.executable, "-S", str(self.folder / "tiny.py"), version, mode)

    def uvicorn(self, version: str) -> tuple[str, ...]:
        (self.folder / f"app_{version}.py").write_text(ASGI.format(version=version))
        words = ("-m", "uvicorn", f"app_{version}:app", "--fd", "3", "--log-level", "warning", "--lifespan", "off")
        return (sys.executable, *words, "--timeout-graceful-shutdown", "10")

    async def start(self, argv: tuple[str, ...]) -> tuple[Job, int]:
        slot = self.port.free_slot()
        env = {"PATH": os.environ["PATH"], "HOME": str(self.folder)}
        command = Command(argv, self.folder)
        listeners = (self.port.listener(slot),)
        spec = JobSpec("api", "instance", command, env, self.folder / "logs", Stop("TERM", 20), listeners)
        return await self.jobs.start(spec), slot

    async def probe(self, job: Job, slot: int, pace: Pace) -> Verdict:
        self.port.probe(slot)
        at = Asked(self.port.host, self.port.port, self.port.mark, Tree(job.pid))
        verdict = await first_answer(HttpProbe("/healthz"), pace, at, job.wait())
        self.port.probe(None)
        return verdict

    async def swap(self, argv: tuple[str, ...]) -> None:
        job, slot = await self.start(argv)
        verdict = await self.probe(job, slot, Pace(start_period=60, timeout=20))
        assert verdict == Healthy(), (verdict, job.tail())
        old, self.serving = self.serving, (job, slot)
        self.port.serve(slot)
        if old is not None:
            task = asyncio.ensure_future(self.retire(*old))
            self.retiring.add(task)

    async def retire(self, job: Job, slot: int) -> None:
        await self.port.drained(slot, 20)
        await job.stop()
        await self.port.rescue(slot)

    async def crash(self) -> int:
        """Wait for the end of the serving instance and do what follows."""
        assert self.serving is not None
        job, slot = self.serving
        ended = await job.wait()
        self.serving = None
        await self.port.rescue(slot)
        return ended.code


@contextlib.asynccontextmanager
async def service(folder: Path, host: str) -> AsyncIterator[Service]:
    jobs = Jobs("0123456789abcdef")
    port = SteeredPort.open(host, 0)
    try:
        async with asyncio.timeout(100):
            here = Service(folder, jobs, port)
            yield here
            await asyncio.gather(*here.retiring)
    finally:
        await jobs.close()
        await port.close()


@contextlib.asynccontextmanager
async def load(port: int, *words: str) -> AsyncIterator[dict[str, Any]]:
    """Requests for as long as the block lasts; what is yielded holds the summary afterwards."""
    summary: dict[str, Any] = {}
    pipe = asyncio.subprocess.PIPE
    clients = await asyncio.create_subprocess_exec(
        sys.executable, LOAD, str(port), str(RATE), *words, stdin=pipe, stdout=pipe
    )
    assert clients.stdout is not None
    try:
        await clients.stdout.readline()
        yield summary
        summary |= json.loads((await clients.communicate(b""))[0])
        print("clients:", summary)
    finally:
        if clients.returncode is None:
            clients.kill()
            await clients.communicate(b"")


def run(folder: Path, body: Callable[[Service], Any], host: str = "127.0.0.1") -> None:
    async def main() -> None:
        async with service(folder, host) as here:
            await body(here)

    asyncio.run(main())


def asked_for(job: Job) -> list[str]:
    """The paths an instance was asked for; it may have printed tracebacks of broken connections between them."""
    return [line for line in job.tail(10_000) if line in {"/work", "/healthz"}]


async def question(port: int, host: str = "127.0.0.1") -> bytes:
    reader, writer = await asyncio.open_connection(host, port)
    try:
        writer.write(b"GET /work HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        return await reader.read()
    finally:
        writer.close()
