"""What waits in a slot's queue: it is waited for, and answered by the next when its instance died."""

from __future__ import annotations

import asyncio

import pytest
from steered import accept, connect, run, serve_once

from hybrid_tasks.engine.steering import SteeredPort
from hybrid_tasks.engine.unavailable import Notice

pytestmark = pytest.mark.needs("linux")


def test_drained_waits_until_the_queue_is_empty() -> None:
    async def test(port: SteeredPort) -> None:
        listener = port.listener(1)
        port.serve(1)
        clients = [connect(port) for _ in range(3)]
        assert not await port.drained(1, 0.05)
        waiting_for_it = asyncio.ensure_future(port.drained(1, 20))
        for client in clients:
            await asyncio.sleep(0.01)
            assert not waiting_for_it.done()
            with accept(listener), client:
                pass
        assert await waiting_for_it

    run(test)


def test_what_a_dead_instance_left_in_its_queue_is_answered_by_the_next() -> None:
    async def test(port: SteeredPort) -> None:
        port.listener(1)
        port.serve(1)
        clients = [connect(port) for _ in range(5)]
        for number, client in enumerate(clients):
            client.sendall(b"question %d" % number)
        await port.rescue(1)  # it died
        assert port.serving is None
        late = connect(port)  # held: nothing serves
        late.sendall(b"question 5")
        successor = port.listener(2)
        port.serve(2)
        heard = [await asyncio.to_thread(serve_once, successor, b"answer") for _ in range(6)]
        assert sorted(heard) == [b"question %d" % number for number in range(6)]
        for client in [*clients, late]:
            assert await asyncio.to_thread(client.recv, 100) == b"answer"
            client.close()

    run(test)


def test_what_is_left_in_a_queue_survives_that_its_slot_is_given_away_at_once() -> None:
    async def test(port: SteeredPort) -> None:
        port.listener(1)
        port.serve(1)
        client = connect(port)
        client.sendall(b"question")
        await port.rescue(1)
        successor = port.listener(1)
        port.serve(1)
        assert await asyncio.to_thread(serve_once, successor, b"answer") == b"question"
        assert await asyncio.to_thread(client.recv, 100) == b"answer"
        client.close()

    run(test)


def test_while_nothing_serves_a_client_is_told_why_after_two_seconds() -> None:
    async def test(port: SteeredPort) -> None:
        port.explain(Notice("web did not build", "main.go:3: undefined: foo"))
        begun = asyncio.get_running_loop().time()
        reader, writer = await asyncio.open_connection("127.0.0.1", port.port)
        writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        answer = await reader.read()
        writer.close()
        assert answer.startswith(b"HTTP/1.1 503 ")
        assert b"main.go:3: undefined: foo" in answer
        assert asyncio.get_running_loop().time() - begun > 1.9

    run(test)
