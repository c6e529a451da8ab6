"""Connections that wait while nothing serves, over real sockets."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import gc
import socket
import struct
from collections.abc import AsyncIterator

import pytest

from hybrid_tasks.engine.holding import Holder

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Scene:
    """A holder on a listener of its own, and an instance that can be reached through it."""

    def __init__(self, patience: float, most: int) -> None:
        self.front = socket.create_server(("127.0.0.1", 0), backlog=100)
        self.holder = Holder(self._connect, patience, most)
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


def abort(writer: asyncio.StreamWriter) -> None:
    """Close with a reset, as the kernel does for a killed process with unread data."""
    sock = writer.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


def play(body: object) -> None:
    asyncio.run(body())  # type: ignore[operator]


def test_a_held_connection_is_handed_on_with_every_byte_and_both_half_closes() -> None:
    async def body() -> None:
        async with scene(patience=30) as here:
            reader, writer = await here.client()
            writer.write(b"question" * 100_000)
            writer.write_eof()
            await here.held(1)
            await here.serve()
            theirs, answer = await here.met.get()
            assert await theirs.read() == b"question" * 100_000  # the half-close has arrived
            answer.write(b"answer" * 500_000)
            answer.write_eof()
            assert await reader.read() == b"answer" * 500_000
            await here.held(0)

    play(body)


def test_a_client_that_only_listens_can_do_so_as_long_as_it_likes() -> None:
    async def body() -> None:
        async with scene(patience=30) as here:
            await here.serve()
            reader, writer = await here.client()
            writer.write(b"subscribe")
            writer.write_eof()
            theirs, answer = await here.met.get()
            await theirs.read()
            for number in range(3):
                answer.write(b"event %d" % number)
                assert await reader.read(100) == b"event %d" % number
            answer.close()
            assert await reader.read() == b""

    play(body)


def test_a_reset_of_the_instance_is_a_reset_for_the_client() -> None:
    async def body() -> None:
        async with scene(patience=30) as here:
            await here.serve()
            reader, writer = await here.client()
            writer.write(b"question")
            theirs, answer = await here.met.get()
            await theirs.read(100)
            answer.write(b"half an ans")
            assert await reader.read(100) == b"half an ans"
            abort(answer)
            with pytest.raises(ConnectionResetError):
                await reader.read()
            await here.held(0)

    play(body)


def test_a_client_that_goes_away_takes_the_connection_to_the_instance_with_it() -> None:
    async def body() -> None:
        async with scene(patience=30) as here:
            await here.serve()
            _, writer = await here.client()
            writer.write(b"question")
            theirs, answer = await here.met.get()
            abort(writer)
            with contextlib.suppress(ConnectionResetError):
                assert await theirs.read() in {b"", b"question"}
            answer.close()
            await here.held(0)

    play(body)


def test_a_slow_reader_does_not_fill_our_memory() -> None:
    async def body() -> None:
        async with scene(patience=30) as here:
            await here.serve()
            sock = socket.socket()
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            sock.setblocking(False)
            await asyncio.get_running_loop().sock_connect(sock, here.front.getsockname())
            _, answer = await here.met.get()
            block = b"x" * 65536
            sent = 0
            with contextlib.suppress(TimeoutError):
                while sent < 64 * 1024 * 1024:
                    answer.write(block)
                    async with asyncio.timeout(0.5):
                        await answer.drain()
                    sent += len(block)
            sock.close()
            assert sent < 32 * 1024 * 1024, "the relay swallowed what nobody read"

    play(body)


def test_after_the_wait_a_request_is_answered_503_as_text() -> None:
    async def body() -> None:
        async with scene() as here:
            here.holder.error = "main.go:3: undefined: foo <T>"
            reader, writer = await here.client()
            writer.write(b"GET /x HTTP/1.1\r\nHost: a\r\n")
            await here.held(1)
            writer.write(b"Accept: */*\r\n\r\n")
            head, _, text = (await reader.read()).partition(b"\r\n\r\n")
            lines = head.split(b"\r\n")
            assert lines[0] == b"HTTP/1.1 503 Service Unavailable"
            assert {b"Retry-After: 1", b"Connection: close", b"Content-Type: text/plain; charset=utf-8"} <= set(lines)
            assert b"Content-Length: %d" % len(text) in lines
            assert text == b"main.go:3: undefined: foo <T>\n"

    play(body)


def test_a_browser_gets_a_page_with_the_reason_escaped() -> None:
    async def body() -> None:
        async with scene() as here:
            here.holder.error = "undefined: foo <T>"
            reader, writer = await here.client()
            writer.write(b"GET / HTTP/1.1\r\nhost: a\r\naccept: text/html,application/xhtml+xml;q=0.9\r\n\r\n")
            answer = await reader.read()
            assert b"Content-Type: text/html; charset=utf-8" in answer
            assert b"undefined: foo &lt;T&gt;" in answer
            assert b"<T>" not in answer

    play(body)


def test_a_large_upload_still_gets_to_read_the_answer() -> None:
    """Closing on unread bytes would reset the connection and destroy the answer on its way."""

    async def body() -> None:
        async with scene() as here:
            reader, writer = await here.client()
            writer.write(b"POST / HTTP/1.1\r\nContent-Length: 500000\r\n\r\n" + b"x" * 500_000)
            assert (await reader.read()).startswith(b"HTTP/1.1 503 ")

    play(body)


def test_a_head_request_gets_no_body() -> None:
    async def body() -> None:
        async with scene() as here:
            reader, writer = await here.client()
            writer.write(b"HEAD / HTTP/1.1\r\n\r\n")
            assert (await reader.read()).endswith(b"\r\n\r\n")

    play(body)


@pytest.mark.parametrize(
    "first", [b"\x16\x03\x01\x02\x00\x01\x00", b"SSH-2.0-x\r\n", b"PRI * HTTP/2.0\r\n\r\n", b"*1\r\n$4\r\nPING\r\n"]
)
def test_other_protocols_are_closed(first: bytes) -> None:
    async def body() -> None:
        async with scene() as here:
            reader, writer = await here.client()
            writer.write(first)
            assert await reader.read() == b""

    play(body)


def test_what_was_read_before_something_served_is_not_lost() -> None:
    async def body() -> None:
        async with scene() as here:
            _, writer = await here.client()
            writer.write(b"GET /slow HTTP/1.1\r\n")
            await here.held(1)
            await asyncio.sleep(0.05)  # the half request is being read by now
            waiting = asyncio.ensure_future(here.met.get())
            await here.serve()
            writer.write(b"Host: a\r\n\r\n")
            theirs, _ = await waiting
            assert await theirs.readuntil(b"\r\n\r\n") == b"GET /slow HTTP/1.1\r\nHost: a\r\n\r\n"

    play(body)


def test_a_silent_client_is_handed_on_when_something_serves_at_last() -> None:
    async def body() -> None:
        async with scene() as here:
            reader, writer = await here.client()
            await here.held(1)
            await here.serve()
            await here.held(1)
            writer.write(b"question")
            theirs, answer = await here.met.get()
            assert await theirs.read(100) == b"question"
            answer.write(b"answer")
            assert await reader.read(100) == b"answer"

    play(body)


def test_more_clients_than_are_attended_wait_and_are_served_later() -> None:
    async def body() -> None:
        async with scene(patience=30, most=3) as here:
            clients = [await here.client() for _ in range(10)]
            for _, writer in clients:
                writer.write(b"question")
            await here.held(3)
            await asyncio.sleep(0.02)
            assert len(here.holder._held) == 3
            await here.serve()

            async def answer_all() -> None:
                for _ in clients:
                    theirs, answer = await here.met.get()
                    assert await theirs.read(100) == b"question"
                    answer.write(b"answer")
                    answer.close()

            async def read_one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
                heard = await reader.read()
                writer.close()
                return heard

            _, *heard = await asyncio.gather(answer_all(), *(read_one(*client) for client in clients))
            assert heard == [b"answer"] * 10
            await here.held(0)

    play(body)


def test_running_out_of_descriptors_is_survived(monkeypatch: pytest.MonkeyPatch) -> None:
    class Exhausted(socket.socket):
        left = 3

        def accept(self) -> tuple[socket.socket, object]:
            if self.left:
                self.left -= 1
                raise OSError(errno.EMFILE, "Too many open files")
            return super().accept()

    async def body() -> None:
        async with scene() as here:
            here.holder.leave(here.front)
            listener = Exhausted(fileno=here.front.detach())
            here.front = listener
            here.holder.accept_from(listener)
            reader, writer = await here.client()
            writer.write(b"GET / HTTP/1.1\r\n\r\n")
            assert (await reader.read()).startswith(b"HTTP/1.1 503 ")
            assert listener.left == 0

    play(body)


def test_leaving_a_listener_takes_everybody_who_waits_there_along() -> None:
    async def body() -> None:
        async with scene(patience=30, most=1) as here:
            for _ in range(5):
                await here.client()
            here.holder.leave(here.front)
            await here.held(5)

    play(body)
