"""Whose a port is: taking it, freeing it, and being refused by name."""

from __future__ import annotations

import asyncio
import gc
import socket
from dataclasses import dataclass

import pytest
from steered import accept, connect, run, steered

from hybrid_tasks.engine import steering
from hybrid_tasks.engine.steering import SteeredPort
from hybrid_tasks.errors import HybridError, PortTaken, SteeringUnavailable

pytestmark = pytest.mark.needs("linux")


@dataclass
class Who:
    pid: int | None
    command: str


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
        ("::1", "::1", False),
        ("::1", "::1", True),
        ("::", "::1", True),
        ("::1", "::", False),
        ("127.0.0.1", "::", False),
        ("0.0.0.0", "::", True),
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
            where = " on [::1]" if theirs == "::1" and ":" not in host else ""
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


@pytest.mark.parametrize("host", ["db.example", "fe80::1%lo", "1:2"])
def test_addresses_that_cannot_be_steered_say_so(host: str) -> None:
    with pytest.raises(SteeringUnavailable, match="it is no address"):
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


@pytest.mark.parametrize("host", ["192.0.2.1", "2001:db8::1"])
def test_an_address_of_another_machine_is_refused(host: str) -> None:
    with pytest.raises(HybridError, match=f"`{host}` is not an address of this machine"):
        SteeredPort.open(host, 0)
