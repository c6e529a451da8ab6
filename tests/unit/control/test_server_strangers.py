"""Clients that mean no good, or do not know better: other users, garbage, half frames, floods, silence."""

from __future__ import annotations

import asyncio
import os
import random
import socket
import threading
from pathlib import Path

import pytest
from wire import frame, run, say, served

from hybrid_tasks.control import codec
from hybrid_tasks.control import server as module
from hybrid_tasks.control.messages import Request
from hybrid_tasks.control.server import Reply, serve
from hybrid_tasks.model.events import Event


def test_sec_3_another_user_is_not_even_read(path: Path) -> None:
    heard = []

    async def handler(request: Request, reply: Reply) -> None:
        heard.append(request)
        reply.result(None)

    async def scenario() -> None:
        server = await serve(path, handler, uid=os.geteuid() + 1)
        try:
            assert await say(path, frame()) == []
        finally:
            await server.close()
        assert not heard

    run(scenario())


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"hello\n", "not JSON"),
        (b"\n", "not JSON"),
        (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", "not JSON"),
        (b"\x16\x03\x01\x02\x00\x01\xfc\x03\x03\n", "not JSON"),
        (b"[]\n", "not an object"),
        (b'{"v":1}\n', "unknown request"),
        (b'{"v":7,"op":"status"}\n', "different versions"),
        (b'{"v":1,"op":"status","args":{"x":1}}\n', "no argument `x`"),
        (b'{"a":' * 10_000 + b"1" + b"}" * 10_000 + b"\n", "nested deeper"),
        (b"x" * (codec.REQUEST_LIMIT + 10) + b"\n", "above the limit"),
    ],
)
def test_sec_7_garbage_gets_a_mistake_and_the_next_client_an_answer(path: Path, data: bytes, words: str) -> None:
    async def scenario() -> None:
        async with served(path):
            (answer,) = await say(path, data)
            assert words in str(answer["error"])
            assert len(await say(path, frame())) == 1

    run(scenario())


def test_a_length_of_a_gigabyte_is_cut_short(path: Path) -> None:
    async def scenario() -> None:
        async with served(path):
            reader, writer = await asyncio.open_unix_connection(str(path))
            sent, chunk = 0, b"x" * 65536
            with pytest.raises(ConnectionError):
                while sent < 1 << 30:
                    writer.write(chunk)
                    await writer.drain()
                    sent += len(chunk)
            assert sent < 64 << 20
            writer.close()
            assert len(await say(path, frame())) == 1
            del reader

    run(scenario())


@pytest.mark.parametrize("data", [b"", b'{"v":1,"op":"sta', b"\x00"])
def test_half_a_frame_and_the_end_is_let_go(path: Path, data: bytes) -> None:
    async def scenario() -> None:
        async with served(path) as server:
            assert await say(path, data, eof=True) == []
            await server.quiet.wait()

    run(scenario())


def test_sec_7_a_frame_must_be_finished_in_time(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert module.FRAME_SECONDS == 5.0
    monkeypatch.setattr(module, "FRAME_SECONDS", 0.2)

    async def scenario() -> None:
        async with served(path) as server:
            reader, writer = await asyncio.open_unix_connection(str(path))
            data = frame()
            with pytest.raises(ConnectionError):
                for byte in data:
                    writer.write(bytes([byte]))
                    await writer.drain()
                    await asyncio.sleep(0.05)
                await reader.read()
                writer.write(b"x")
                await writer.drain()
            writer.close()
            await server.quiet.wait()

    run(scenario())


def test_a_client_that_never_reads_is_dropped_and_delays_nobody(path: Path) -> None:
    dropped = asyncio.Event()

    async def flood(request: Request, reply: Reply) -> None:
        if request.op == "plugins":
            reply.result(None)
            return
        while not reply.closed.is_set():
            reply.event(Event("note", 0.0, None, {"text": "x" * 10_000}))
            await asyncio.sleep(0)
        dropped.set()

    async def scenario() -> None:
        async with served(path, flood) as server:
            with socket.socket(socket.AF_UNIX) as lazy:
                lazy.connect(str(path))
                lazy.sendall(frame())
                await dropped.wait()
                assert len(await say(path, frame("plugins"))) == 1
            await server.quiet.wait()

    run(scenario())


def test_500_connections_at_once(path: Path) -> None:
    async def scenario() -> None:
        async with served(path) as server:
            answers = await asyncio.gather(
                *(say(path, frame()) for _ in range(400)), *(say(path, b"", eof=True) for _ in range(100))
            )
            assert sum(len(answer) for answer in answers) == 400
            await server.quiet.wait()

    run(scenario())


def test_fuzz_never_silences_the_server(path: Path) -> None:
    seed = random.randrange(1 << 32)
    source = random.Random(seed)
    alphabet = [
        b'{"v":1,',
        b'"op":',
        b'"start"',
        b'"args":',
        b"{}",
        b"[",
        b"]",
        b"}",
        b"\n",
        b"\0",
        b"\xff",
        b'"',
        b",",
        b"null",
    ]

    async def scenario() -> None:
        async with served(path) as server:
            for _ in range(150):
                data = b"".join(source.choice([*alphabet, source.randbytes(3)]) for _ in range(source.randrange(30)))
                await say(path, data, eof=True)
            assert len(await say(path, frame())) == 1
            await server.quiet.wait()

    try:
        run(scenario())
    except BaseException:
        print(f"seed {seed}")
        raise


def test_bug_a_busy_machine_made_the_supervisor_drop_clients_that_were_in_time(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "FRAME_SECONDS", 0.2)

    async def scenario() -> None:
        async with served(path) as server:
            with socket.socket(socket.AF_UNIX) as link:
                link.connect(str(path))
                while server.clients == 0:  # noqa: ASYNC110 - there is no event for it
                    await asyncio.sleep(0)
                link.sendall(frame())
                threading.Event().wait(0.4)  # the supervisor gets no processor until its deadline is over
                link.setblocking(False)
                assert b'"result"' in await asyncio.get_running_loop().sock_recv(link, 65536)

    run(scenario())
