"""One port, several instances: who gets which connection, with real sockets."""

from __future__ import annotations

import asyncio
import gc
import select
import socket

import pytest
from steered import accept, connect, run, serve_once, steered, waiting

from hybrid_tasks.engine.bpf import PROBE_SOURCE
from hybrid_tasks.engine.steering import SteeredPort

pytestmark = pytest.mark.needs("linux")


def test_clients_reach_the_serving_slot_and_probes_the_probing_one() -> None:
    async def test(port: SteeredPort) -> None:
        old, new = port.free_slot(), None
        listeners = {old: port.listener(old)}
        new = port.free_slot()
        assert new != old
        listeners[new] = port.listener(new)
        port.serve(old)
        port.probe(new)
        for source, slot in [(None, old), (PROBE_SOURCE, new)] * 20:
            with connect(port, source), accept(listeners[slot]):
                assert not waiting(listeners[old])
                assert not waiting(listeners[new])

        port.serve(new)
        port.probe(None)
        for source in [None, PROBE_SOURCE] * 10:
            with connect(port, source), accept(listeners[new]):
                assert not waiting(listeners[old])

    run(test)


def test_slots_are_taken_in_turn_and_a_third_is_opened_only_when_both_are_in_use() -> None:
    async def test(port: SteeredPort) -> None:
        first = port.free_slot()
        assert port.free_slot() == first  # asking takes nothing
        assert port.listener(first) is port.listener(first)
        second = port.free_slot()
        port.listener(second)
        third = port.free_slot()
        assert (first, second, third) == (1, 2, 3)
        port.serve(second)
        listener = port.listener(third)
        await port.rescue(first)
        assert port.free_slot() == first
        port.serve(third)
        with connect(port), accept(listener):
            pass

    run(test)


def test_what_one_program_did_to_its_listener_does_not_reach_the_next() -> None:
    async def test(port: SteeredPort) -> None:
        slot = port.free_slot()
        listener = port.listener(slot)
        assert listener.getblocking()
        listener.setblocking(False)
        listener.listen(1)
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_DEFER_ACCEPT, 5)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2304)
        await port.rescue(slot)

        assert port.free_slot() == slot
        fresh = port.listener(slot)
        assert fresh is not listener
        assert fresh.getblocking()
        assert fresh.getsockopt(socket.IPPROTO_TCP, socket.TCP_DEFER_ACCEPT) == 0
        assert fresh.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF) > 2304 * 2
        port.serve(slot)
        clients = [connect(port) for _ in range(20)]  # more than the backlog of 1 would let in
        for client in clients:
            with accept(fresh), client:
                pass

    run(test)


@pytest.mark.parametrize("retired_first", [True, False])
def test_a_program_that_shuts_its_listener_down_moves_nobody(retired_first: bool) -> None:
    """The kernel then puts the last member in its place; the old instance had slot 1, slot 2 serves."""

    async def test(port: SteeredPort) -> None:
        a, b = 1, 2
        retired, serving = (a, b) if retired_first else (b, a)
        listeners = {slot: port.listener(slot) for slot in (a, b)}
        port.serve(serving)
        copy = listeners[retired].dup()  # the program's own descriptor of the same socket
        copy.shutdown(socket.SHUT_RDWR)
        copy.close()
        async with asyncio.timeout(10):
            while len(port._listeners._order) == 3:  # noqa: ASYNC110 - the loop hears of it by itself
                await asyncio.sleep(0.001)
        for _ in range(20):
            with connect(port), accept(listeners[serving]):
                pass
        await port.rescue(retired)
        fresh = port.listener(retired)
        port.serve(retired)
        for _ in range(20):
            with connect(port), accept(fresh):
                assert not waiting(listeners[serving])

    run(test)


def test_a_shut_down_listener_is_told_once_and_not_for_ever() -> None:
    async def test(port: SteeredPort) -> None:
        port.listener(1).shutdown(socket.SHUT_RDWR)
        news = port._listeners.fileno()
        assert select.select([news], [], [], 10)[0]
        port._steer()
        assert not select.select([news], [], [], 0)[0]

    run(test)


def test_a_probe_of_an_instance_that_shut_its_listener_down_is_not_answered_by_the_old_one() -> None:
    async def test(port: SteeredPort) -> None:
        old, new = port.listener(1), port.listener(2)
        port.serve(1)
        port.probe(2)
        new.shutdown(socket.SHUT_RDWR)
        port.probe(2)
        with connect(port, PROBE_SOURCE) as probe:
            assert await asyncio.to_thread(probe.recv, 10) == b""
        assert not waiting(old)

    run(test)


def test_a_stranger_who_joins_the_group_later_gets_nothing() -> None:
    async def test(port: SteeredPort) -> None:
        listener = port.listener(1)
        port.serve(1)
        with socket.socket() as stranger:
            stranger.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            stranger.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            stranger.bind(("127.0.0.1", port.port))
            stranger.listen()
            for _ in range(50):
                with connect(port), accept(listener):
                    assert not waiting(stranger)

    run(test)


@pytest.mark.parametrize("host", ["localhost", "0.0.0.0"])
def test_other_names_of_this_machine_work(host: str) -> None:
    async def main() -> None:
        async with steered(host) as port:
            listener, probed = port.listener(1), port.listener(2)
            port.serve(1)
            port.probe(2)
            with connect(port), accept(listener):
                pass
            with connect(port, PROBE_SOURCE), accept(probed):
                pass
            await port.rescue(1)
            client = connect(port)  # held, then handed on
            client.sendall(b"question")
            port.serve(2)
            assert await asyncio.to_thread(serve_once, probed, b"answer") == b"question"
            client.close()

    asyncio.run(main())
    gc.collect()
