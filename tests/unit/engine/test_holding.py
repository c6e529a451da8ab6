"""Connections that wait while nothing serves, over real sockets."""

from __future__ import annotations

import asyncio
import errno
import socket

import pytest
from held import play, scene


def test_what_was_read_before_something_served_is_not_lost() -> None:
    async def body() -> None:
        async with scene() as here:
            _, writer = await here.client()
            writer.write(b"GET /slow HTTP/1.1\r\n")
            await here.held(1)
            await here.read()
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
            await here.full()
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
