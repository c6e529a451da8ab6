"""One port, several instances: who gets which connection, with real sockets."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import select
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass

import pytest

from hybrid_tasks.engine import steering
from hybrid_tasks.engine.bpf import PROBE_SOURCE
from hybrid_tasks.engine.steering import SteeredPort
from hybrid_tasks.errors import HybridError, PortTaken, SteeringUnavailable

pytestmark = pytest.mark.needs("linux")


@dataclass
class Who:
    pid: int | None
    command: str


@contextlib.asynccontextmanager
async def steered(host: str = "127.0.0.1") -> AsyncIterator[SteeredPort]:
    port = SteeredPort.open(host, 0)
    try:
        yield port
    finally:
        await port.close()


def run(test: Callable[[SteeredPort], Awaitable[None]]) -> None:
    async def main() -> None:
        async with asyncio.timeout(30), steered() as port:
            await test(port)

    asyncio.run(main())
    gc.collect()


def connect(port: SteeredPort, source: str | None = None) -> socket.socket:
    return socket.create_connection(
        ("127.0.0.1", port.port), timeout=10, source_address=(source, 0) if source else None
    )


def waiting(listener: socket.socket, within: float = 0) -> bool:
    return bool(select.select([listener], [], [], within)[0])


def accept(listener: socket.socket, within: float = 10) -> socket.socket:
    assert waiting(listener, within), "nobody connected"
    return listener.accept()[0]


def serve_once(listener: socket.socket, answer: bytes) -> bytes:
    """What an instance does, in a thread: accept one connection, answer, close."""
    with accept(listener) as connection:
        connection.settimeout(10)
        heard = connection.recv(1000)
        connection.sendall(answer)
    return heard


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
        port.error("main.go:3: undefined: foo")
        begun = asyncio.get_running_loop().time()
        reader, writer = await asyncio.open_connection("127.0.0.1", port.port)
        writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        answer = await reader.read()
        writer.close()
        assert answer.startswith(b"HTTP/1.1 503 ")
        assert b"main.go:3: undefined: foo" in answer
        assert asyncio.get_running_loop().time() - begun > 1.9

    run(test)


def test_closing_frees_the_port_even_when_a_descendant_kept_its_copy() -> None:
    async def main() -> None:
        port = SteeredPort.open("127.0.0.1", 0)
        with port.listener(1).dup():
            await port.close()
            again = SteeredPort.open("127.0.0.1", port.port)
            await again.close()

    asyncio.run(main())


@pytest.mark.parametrize(
    ("theirs", "host", "shared"),
    [
        ("127.0.0.1", "127.0.0.1", False),
        ("127.0.0.1", "127.0.0.1", True),  # the kernel would let us join, and share every connection
        ("0.0.0.0", "127.0.0.1", True),
        ("0.0.0.0", "127.0.0.1", False),
        ("127.0.0.1", "0.0.0.0", False),
        ("::1", "127.0.0.1", False),
        ("::1", "localhost", True),
        ("::", "127.0.0.1", False),
    ],
)
def test_a_port_that_somebody_has_is_refused_by_name(theirs: str, host: str, shared: bool) -> None:
    async def main() -> None:
        family = socket.AF_INET6 if ":" in theirs else socket.AF_INET
        with socket.socket(family) as stranger:
            if shared:
                stranger.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            try:
                stranger.bind((theirs, 0))
            except OSError:
                pytest.skip("no IPv6 here")
            stranger.listen()
            port = stranger.getsockname()[1]
            with pytest.raises(PortTaken) as caught:
                SteeredPort.open(host, port, service="api", occupant=lambda asked: Who(asked, "node"))
            assert caught.value.lines()[1:] == [
                " for:  service `api`",
                " hint: stop it, or set services.api.port in hybrid.toml",
            ]
            where = " on [::1]" if theirs == "::1" else ""
            assert caught.value.message == f"port {port}{where} is taken by `node` (pid {port})"

    asyncio.run(main())
    gc.collect()


def test_the_owner_of_a_port_may_be_another_user() -> None:
    async def test(port: SteeredPort) -> None:
        with pytest.raises(PortTaken, match=r"is taken by a process of user 1000$"):
            SteeredPort.open("127.0.0.1", port.port, occupant=lambda _: Who(None, "a process of user 1000"))

    run(test)


def test_two_steered_ports_do_not_share_one() -> None:
    async def test(port: SteeredPort) -> None:
        with pytest.raises(PortTaken, match="a process that cannot be named"):
            SteeredPort.open("127.0.0.1", port.port)

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


def test_old_connections_in_time_wait_do_not_keep_the_port() -> None:
    async def main() -> None:
        async with steered() as port:
            listener = port.listener(1)
            port.serve(1)
            client = connect(port)
            accept(listener).close()  # the service's side closes first
            client.close()
        async with asyncio.timeout(10):
            await SteeredPort.open("127.0.0.1", port.port).close()

    asyncio.run(main())


@pytest.mark.parametrize("host", ["::1", "::", "db.example"])
def test_addresses_that_cannot_be_steered_say_so(host: str) -> None:
    with pytest.raises(SteeringUnavailable, match="no IPv4 address"):
        SteeredPort.open(host, 0)


def test_other_systems_say_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(steering.sys, "platform", "darwin")
    with pytest.raises(SteeringUnavailable, match="only Linux"):
        SteeredPort.open("127.0.0.1", 0)


def test_a_kernel_without_the_option_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hybrid_tasks.engine.bpf._ATTACH_REUSEPORT_CBPF", 9999)
    with pytest.raises(SteeringUnavailable, match="this kernel"):
        SteeredPort.open("127.0.0.1", 0)
    gc.collect()


def test_an_address_of_another_machine_is_refused() -> None:
    with pytest.raises(HybridError, match=r"`192\.0\.2\.1` is not an address of this machine"):
        SteeredPort.open("192.0.2.1", 0)


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
