"""Sockets and their owners, by netlink and by /proc alike."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from waiting import until

from hybrid_tasks.process import ports, sockdiag
from hybrid_tasks.process.spares import spare_port

SERVER = (
    "import socket, sys\ns = socket.create_server((sys.argv[1], 0))\nprint(s.getsockname()[1], flush=True)\n"
    "sys.stdin.readline()\nc, _ = s.accept()\nprint('accepted', flush=True)\nsys.stdin.readline()"
)


@pytest.fixture(params=["netlink", "table"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    if request.param == "table":

        def refuse(*_: object) -> Iterator[bytes]:
            raise PermissionError

        monkeypatch.setattr(sockdiag, "_ask", refuse)
    return str(request.param)


def has_ipv6() -> bool:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        return False
    return True


needs_ipv6 = pytest.mark.skipif(not has_ipv6(), reason="this machine has no IPv6")


def test_listeners_are_found_by_port_and_address(way: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as one:
        port = one.getsockname()[1]
        with socket.create_server(("127.0.0.3", port)) as two:
            inodes = {os.fstat(sock.fileno()).st_ino: sock.getsockname()[0] for sock in (one, two)}
            assert {found.inode: found.address for found in ports.listeners(port)} == inodes
            assert [found.address for found in ports.listeners(port, "127.0.0.1")] == ["127.0.0.1"]
            assert len(ports.listeners(port, "0.0.0.0")) == 2
            assert ports.listeners(port, "127.0.0.9") == []
            assert {found.uid for found in ports.listeners(port)} == {os.getuid()}
    assert ports.listeners(port) == []


def test_a_wildcard_takes_every_address(way: str) -> None:
    with socket.create_server(("0.0.0.0", 0)) as one:
        port = one.getsockname()[1]
        assert [found.address for found in ports.listeners(port, "127.0.0.1")] == ["0.0.0.0"]


@needs_ipv6
@pytest.mark.parametrize("address", ["::1", "::"])
def test_listeners_of_the_other_family(address: str, way: str) -> None:
    with socket.create_server((address, 0), family=socket.AF_INET6) as one:
        port = one.getsockname()[1]
        assert [found.address for found in ports.listeners(port)] == [address]
        assert [found.address for found in ports.listeners(port, "::1")] == [address]


def test_a_group_of_listeners_is_listed_one_by_one(way: str) -> None:
    with socket.socket() as one, socket.socket() as two:
        port = 0
        for sock in (one, two):
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            sock.bind(("127.0.0.1", port))
            sock.listen()
            port = sock.getsockname()[1]
        assert {found.inode for found in ports.listeners(port)} == {
            os.fstat(one.fileno()).st_ino,
            os.fstat(two.fileno()).st_ino,
        }


def test_a_socket_that_only_connects_is_no_listener(way: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as client:
        assert ports.listeners(client.getsockname()[1]) == []


@pytest.mark.parametrize(
    "bound", ["127.0.0.1", pytest.param("::", marks=needs_ipv6), pytest.param("::1", marks=needs_ipv6)]
)
def test_the_accepted_side_of_our_connection(bound: str, way: str) -> None:
    family = socket.AF_INET6 if ":" in bound else socket.AF_INET
    with socket.create_server((bound, 0), family=family, dualstack_ipv6=bound == "::") as server:
        target = "::1" if bound == "::1" else "127.0.0.1"
        with socket.create_connection((target, server.getsockname()[1])) as client:
            assert not ports.accepted_inode(client), "nobody has accepted it yet"
            accepted, _ = server.accept()
            with accepted:
                assert ports.accepted_inode(client) == os.fstat(accepted.fileno()).st_ino


def test_a_connection_that_is_no_more_has_no_inode(way: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as client:
        accepted, _ = server.accept()
        accepted.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        accepted.close()
        until(lambda: not ports.accepted_inode(client))


def test_owners_are_processes(way: str) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", SERVER, "127.0.0.1"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin
        assert process.stdout
        port = int(process.stdout.readline())
        name = Path(sys.executable).resolve().name[:15]
        holder = ports.holder(port)
        assert holder == ports.holder(port, "127.0.0.1")
        assert holder
        assert holder.pid == process.pid
        assert holder.command.startswith(name[:6])
        assert ports.holder(port, "127.0.0.9") is None
        with socket.create_connection(("127.0.0.1", port)) as client:
            process.stdin.write("\n")
            process.stdin.flush()
            assert process.stdout.readline() == "accepted\n"
            inode = ports.accepted_inode(client)
            assert inode
            assert inode in ports.inodes_of([process.pid])
            assert inode not in ports.inodes_of([os.getpid()])
            assert ports.owner_of(inode) == (process.pid, holder.command)
        process.kill()
    assert ports.holder(port) is None
    assert ports.inodes_of([process.pid]) == set()
    assert ports.owner_of(inode) is None


def test_a_holder_we_may_not_look_at_is_still_one(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        monkeypatch.setattr(ports, "owner_of", lambda _: None)
        assert ports.holder(server.getsockname()[1]) == ports.Holder(None, f"a process of user {os.getuid()}")


def test_a_free_port_can_be_had() -> None:
    port = ports.free_port()
    assert ports.listeners(port) == []
    socket.create_server(("127.0.0.1", port)).close()


def test_many_listeners_do_not_overflow_an_answer() -> None:
    with socket.socket() as first:
        first.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        first.bind(("127.0.0.1", 0))
        port = first.getsockname()[1]
        more = [socket.socket() for _ in range(400)]
        try:
            for sock in more:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
                sock.bind(("127.0.0.1", port))
                sock.listen()
            assert len({found.inode for found in ports.listeners(port)}) == 400
        finally:
            for sock in more:
                sock.close()


def test_the_other_ends_of_connections_are_found_by_the_port_they_lead_to(way: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert ports.clients(port) == []
        with socket.create_connection(("127.0.0.1", port)) as client:
            accepted, _ = server.accept()
            with accepted:
                assert ports.clients(port) == [os.fstat(client.fileno()).st_ino]
                assert ports.clients(port) != ports.connections(port)
        until(lambda: ports.clients(port) == [])


@pytest.mark.parametrize("address", ["127.0.0.1", "127.0.0.5", "0.0.0.0", "::1", "::"])
@pytest.mark.parametrize("option", [None, socket.SO_REUSEADDR, socket.SO_REUSEPORT])
def test_a_port_is_not_free_while_somebody_listens_on_an_address(address: str, option: int | None) -> None:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as taken:
        if option is not None:
            taken.setsockopt(socket.SOL_SOCKET, option, 1)
        port = spare_port()  # none that the kernel gives to others meanwhile
        taken.bind((address, port))
        taken.listen()
        assert not ports.is_free(port)
    assert ports.is_free(port)
    assert ports.is_free(port), "the look leaves nothing behind"


def test_a_port_on_which_only_old_connections_linger_is_free() -> None:
    port = spare_port()
    with socket.create_server(("127.0.0.1", port)) as server, socket.create_connection(("127.0.0.1", port)) as client:
        accepted, _ = server.accept()
        accepted.close()  # who closes first keeps the connection for a minute
        assert client.recv(1) == b""
    assert ports.is_free(port)
