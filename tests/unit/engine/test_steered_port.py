"""One port, several instances: who gets which connection, with real sockets."""

from __future__ import annotations

import asyncio
import gc
import os
import select
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from steered import accept, connect, run, serve_once, steered, waiting

from hybrid_tasks.engine.steering import SteeredPort

pytestmark = pytest.mark.needs("linux")

HOSTS = ["127.0.0.1", "::1"]


@pytest.mark.parametrize("host", HOSTS)
def test_clients_reach_the_serving_slot_and_probes_the_probing_one(host: str) -> None:
    async def test(port: SteeredPort) -> None:
        old, new = port.free_slot(), None
        listeners = {old: port.listener(old)}
        new = port.free_slot()
        assert new != old
        listeners[new] = port.listener(new)
        port.serve(old)
        port.probe(new)
        for probe, slot in [(False, old), (True, new)] * 20:
            with connect(port, probe=probe), accept(listeners[slot]):
                assert not waiting(listeners[old])
                assert not waiting(listeners[new])

        port.serve(new)
        port.probe(None)
        for probe in [False, True] * 10:
            with connect(port, probe=probe), accept(listeners[new]):
                assert not waiting(listeners[old])

    run(test, host)


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
        with connect(port, probe=True) as probe:
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


@pytest.mark.parametrize("host", ["localhost", "0.0.0.0", "::1", "::"])
def test_other_names_of_this_machine_work(host: str) -> None:
    async def main() -> None:
        async with steered(host) as port:
            listener, probed = port.listener(1), port.listener(2)
            port.serve(1)
            port.probe(2)
            with connect(port), accept(listener):
                pass
            with connect(port, probe=True), accept(probed):
                pass
            await port.rescue(1)
            client = connect(port)  # held, then handed on
            client.sendall(b"question")
            port.serve(2)
            assert await asyncio.to_thread(serve_once, probed, b"answer") == b"question"
            client.close()

    asyncio.run(main())
    gc.collect()


def test_a_port_for_all_addresses_serves_ipv4_too_and_takes_none_of_it_for_a_probe() -> None:
    async def test(port: SteeredPort) -> None:
        serving, probed = port.listener(1), port.listener(2)
        port.serve(1)
        port.probe(2)
        for _ in range(20):
            with connect(port, to="127.0.0.1"), accept(serving):
                pass
            with connect(port, probe=True), accept(probed), connect(port, to="127.0.0.1"), accept(serving):
                assert not waiting(probed)

    run(test, "::")


NARROW = """
import asyncio, fcntl, socket, struct
from pathlib import Path
from steered import accept, connect, steered
from hybrid_tasks.engine import relay

with socket.socket() as any:
    fcntl.ioctl(any, 0x8914, struct.pack("16sH14x", b"lo", 1))  # SIOCSIFFLAGS: up
Path("/proc/sys/net/ipv4/ip_local_port_range").write_text("40000 40019")

async def main():
    async with steered("::1") as port:
        serving, probed = port.listener(1), port.listener(2)
        port.serve(1)
        port.probe(2)
        for _ in range(5):
            with connect(port, probe=True) as probe, accept(probed) as accepted:
                ours = probe.getsockname()[1]
                relay.reset(accepted)  # so that nothing is left of it but what we keep
            clients = [connect(port) for _ in range(18)]  # every port but that one and the service's
            for client in clients:
                assert client.getsockname()[1] != ours
                relay.reset(accept(serving))
                client.close()

asyncio.run(main())
"""


@pytest.mark.needs("userns")
def test_the_port_of_a_probe_is_never_the_one_of_a_client() -> None:
    """On a machine with twenty ports to choose from, clients take all the others."""
    paths = {"PYTHONPATH": str(Path(__file__).parents[2]), "PYTHONASYNCIODEBUG": "0"}
    words = ["unshare", "-Urn", sys.executable, "-c", NARROW]
    done = subprocess.run(words, env={**os.environ, **paths}, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr


def test_each_probe_over_ipv6_has_a_port_of_its_own() -> None:
    """Else one that we closed would be in the way of the next, for a second or a minute."""

    async def test(port: SteeredPort) -> None:
        listener = port.listener(1)
        port.probe(1)
        seen = set()
        for _ in range(50):
            with connect(port, probe=True) as probe, accept(listener):
                seen.add(probe.getsockname()[1])
        assert len(seen) > 40, "two may meet by chance"

    run(test, "::1")
