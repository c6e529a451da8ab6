"""What is handed on to an instance: every byte, both half-closes, resets, and no more than is read."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct

import pytest
from held import play, scene


def abort(writer: asyncio.StreamWriter) -> None:
    """Close with a reset, as the kernel does for a killed process with unread data."""
    sock = writer.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


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
