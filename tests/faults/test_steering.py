"""Steered sockets under load, with real instances in real jobs: no request fails, none meets an unproved version."""

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

import pytest

from hybrid_tasks.engine.bpf import PROBE_SOURCE
from hybrid_tasks.engine.steering import SteeredPort
from hybrid_tasks.health.asked import Asked
from hybrid_tasks.health.monitor import first_answer
from hybrid_tasks.model.command import Command
from hybrid_tasks.model.probe import HttpProbe, Pace
from hybrid_tasks.model.service import Stop
from hybrid_tasks.model.verdict import Healthy, Verdict
from hybrid_tasks.process import ports
from hybrid_tasks.process.jobs import Job, Jobs, JobSpec

pytestmark = pytest.mark.needs("linux")

LOAD = Path(__file__).parent.parent / "steered_load.py"
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
        at = Asked(port=self.port.port, source=PROBE_SOURCE, ownership=Tree(job.pid))
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
async def service(folder: Path) -> AsyncIterator[Service]:
    jobs = Jobs("0123456789abcdef")
    port = SteeredPort.open("127.0.0.1", 0)
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


def run(folder: Path, body: Callable[[Service], Any]) -> None:
    async def main() -> None:
        async with service(folder) as here:
            await body(here)

    asyncio.run(main())


@pytest.mark.parametrize("kind", ["tiny", "uvicorn"])
def test_twenty_swaps_under_load_fail_no_request(tmp_path: Path, kind: str) -> None:
    async def body(here: Service) -> None:
        await here.swap(getattr(here, kind)("v0"))
        async with load(here.port.port) as clients:
            for number in range(1, 21):
                await here.swap(getattr(here, kind)(f"v{number}"))
            await asyncio.gather(*here.retiring)
        assert clients["failures"] == 0, clients
        assert "v0" in clients["versions"]
        assert len(clients["versions"]) > 10, "the clients did not see the swaps"

    run(tmp_path, body)


def test_clients_that_keep_their_connections_repeat_at_most_what_was_closed_while_idle(tmp_path: Path) -> None:
    async def body(here: Service) -> None:
        await here.swap(here.uvicorn("v0"))
        async with load(here.port.port, "keep") as clients:
            for number in range(1, 11):
                await here.swap(here.uvicorn(f"v{number}"))
            await asyncio.gather(*here.retiring)
        assert clients["failures"] == 0, clients
        assert clients["repeated"] > 0, "no connection was ever closed: the old instances were not retired"

    run(tmp_path, body)


def test_a_version_that_is_not_proved_never_gets_a_request_of_a_client(tmp_path: Path) -> None:
    async def body(here: Service) -> None:
        await here.swap(here.tiny("good"))
        async with load(here.port.port) as clients:
            for number in range(20):
                job, slot = await here.start(here.tiny(f"bad{number}", "500" if number % 2 else "hang"))
                pace = Pace(timeout=0.3, start_period=20)
                trying = asyncio.ensure_future(here.probe(job, slot, pace))
                while not asked_for(job):  # noqa: ASYNC110 - it has accepted a probe, so it would accept clients
                    await asyncio.sleep(0.01)
                trying.cancel()
                await asyncio.wait({trying})
                here.port.probe(None)
                assert set(asked_for(job)) == {"/healthz"}
                await asyncio.sleep(0.05)  # it lives on for a while, without a probe
                await job.stop(0)
                assert set(asked_for(job)) == {"/healthz"}
                await here.port.rescue(slot)
        assert clients["versions"] == {"good": clients["answered"]}
        assert clients["failures"] == 0, clients

    run(tmp_path, body)


@pytest.mark.parametrize("mode", ["500", "hang"])
def test_what_fails_its_probe_is_told_apart_from_the_serving_instance(tmp_path: Path, mode: str) -> None:
    async def body(here: Service) -> None:
        await here.swap(here.tiny("good"))
        job, slot = await here.start(here.tiny("bad", mode))
        verdict = await here.probe(job, slot, Pace(timeout=0.2, start_period=3))
        assert verdict != Healthy()
        assert ("answered 500" if mode == "500" else "no answer") in verdict.reason  # type: ignore[union-attr]

    run(tmp_path, body)


def asked_for(job: Job) -> list[str]:
    """The paths an instance was asked for; it may have printed tracebacks of broken connections between them."""
    return [line for line in job.tail(10_000) if line in {"/work", "/healthz"}]


def state_of(pid: int) -> str:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


def waiting(port: SteeredPort, slot: int) -> int:
    """How many connections wait to be accepted in a slot."""
    member = port.listener(slot)
    return int.from_bytes(member.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 32)[24:28], sys.byteorder)


async def question(port: int) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(b"GET /work HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        return await reader.read()
    finally:
        writer.close()


def test_what_a_killed_instance_left_in_its_queue_is_answered_by_the_next(tmp_path: Path) -> None:
    async def body(here: Service) -> None:
        await here.swap(here.tiny("old"))
        assert here.serving is not None
        successor, slot = await here.start(here.tiny("new"))
        assert await here.probe(successor, slot, Pace(start_period=60, timeout=20)) == Healthy()
        job, _ = here.serving
        job.signal("STOP")
        async with asyncio.timeout(20):
            while state_of(job.pid) != "T":  # noqa: ASYNC110 - the kernel has no event for it
                await asyncio.sleep(0.001)
        queued = [asyncio.ensure_future(question(here.port.port)) for _ in range(50)]
        while waiting(here.port, here.serving[1]) != 50:  # noqa: ASYNC110 - nor for this
            await asyncio.sleep(0.001)
        os.kill(job.pid, 9)
        assert await here.crash() == -9
        held = [asyncio.ensure_future(question(here.port.port)) for _ in range(5)]
        await asyncio.sleep(0.05)
        here.port.serve(slot)
        for answer in await asyncio.gather(*queued, *held):
            assert answer.startswith(b"HTTP/1.1 200 "), answer
            assert answer.endswith(b"new")
        await successor.stop()

    run(tmp_path, body)


def test_ten_kills_under_load_fail_only_what_the_dead_had_accepted(tmp_path: Path) -> None:
    """What was accepted died with its process; nobody is refused, and everybody else is answered by the next."""

    async def body(here: Service) -> None:
        await here.swap(here.tiny("v0"))
        async with load(here.port.port) as clients:
            for number in range(1, 11):
                assert here.serving is not None
                while asked_for(here.serving[0]).count("/work") < 20:  # noqa: ASYNC110 - it serves clients by now
                    await asyncio.sleep(0.005)
                os.kill(here.serving[0].pid, 9)
                await here.crash()
                await here.swap(here.tiny(f"v{number}"))
        assert all("Reset" in failure or "Incomplete" in failure or "503" in failure for failure in clients["failed"])
        assert len(clients["versions"]) == 11, clients

    run(tmp_path, body)


def test_while_the_only_version_is_broken_clients_are_told_why(tmp_path: Path) -> None:
    async def body(here: Service) -> None:
        here.port.error("app.py:3: SyntaxError: invalid syntax")
        answer = await question(here.port.port)
        assert answer.startswith(b"HTTP/1.1 503 ")
        assert b"app.py:3: SyntaxError" in answer
        await here.swap(here.tiny("fixed"))
        assert (await question(here.port.port)).endswith(b"fixed")

    run(tmp_path, body)
