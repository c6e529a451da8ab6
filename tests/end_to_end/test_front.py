"""Services that only know PORT, behind the front: swaps under load, streams, slow requests, bad versions."""

from __future__ import annotations

import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from fronted import NODE, alive, fronts, node
from languages import LANGUAGES
from loading import load
from seat import reloaded, services, started
from waiting import until

from hybrid_tasks.testing.project import Project, get

pytestmark = [pytest.mark.needs("linux", "caddy"), pytest.mark.timeout(300)]

STREAMS = """
import asyncio, os

WORD = "WORD"

async def meet(reader, writer):
    head = (await reader.readuntil(b"\\r\\n\\r\\n")).decode().lower()
    if "upgrade: websocket" in head:
        writer.write(b"HTTP/1.1 101 Switching Protocols\\r\\nConnection: Upgrade\\r\\nUpgrade: websocket\\r\\n\\r\\n")
        while data := await reader.read(100):
            writer.write(WORD.encode() + b" " + data)
    elif head.startswith("get /events"):
        writer.write(b"HTTP/1.1 200 OK\\r\\nContent-Type: text/event-stream\\r\\nConnection: close\\r\\n\\r\\n")
        while True:
            writer.write(f"data: {WORD}\\n\\n".encode())
            await writer.drain()
            await asyncio.sleep(0.02)
    else:
        writer.write(f"HTTP/1.1 200 OK\\r\\nContent-Length: {len(WORD)}\\r\\nConnection: close\\r\\n\\r\\n{WORD}".encode())
    await writer.drain()
    writer.close()

async def main():
    async with await asyncio.start_server(meet, "127.0.0.1", int(os.environ["PORT"])) as server:
        await server.serve_forever()

asyncio.run(main())
"""


@pytest.mark.needs("node")
@pytest.mark.parametrize("kind", [(), ("keep",)], ids=["one connection a request", "keep-alive"])
def test_twenty_swaps_of_a_service_that_only_knows_its_port_fail_no_request(
    project: Project, port: int, kind: tuple[str, ...]
) -> None:
    project.write("hybrid.toml", node(project, port))
    main = project.root / "web" / "main.js"
    started(project)
    assert (services(project)["web"]["launch"], services(project)["web"]["listen"]) == ("beside", "front")
    with load(port, *kind) as counted:
        for number in range(20):
            if number % 5 == 4:
                main.write_text(NODE.text("bad").replace("= 200", "= 500"))
                assert reloaded(project)[1] == 1
            main.write_text(NODE.text(f"v{number}"))
            told, code = reloaded(project)
            assert code == 0, told["receipts"]
            assert told["receipts"][0]["launch"] == "beside"
    assert counted["failures"] == 0, counted
    assert counted["repeated"] == 0, "not even a kept connection was closed"
    assert "bad" not in counted["versions"]
    assert len(counted["versions"]) >= 18
    assert counted["gap_ms"] < 1000, counted


@pytest.mark.parametrize("name", ["python", pytest.param("go", marks=pytest.mark.needs("go"))])
def test_other_languages_that_only_know_their_port(project: Project, port: int, name: str) -> None:
    language = LANGUAGES[name]
    for file, text in language.more:
        project.write(f"web/{file}", text)
    table = f'[services.web]\nstack = "{name}"\ndir = "web"\nport = {port}\nport_env = "PORT"\nhealth = "/"\n'
    project.write("hybrid.toml", table)
    main = project.write(f"web/{language.main}", language.text("zero"))
    started(project)
    assert services(project)["web"]["listen"] == "front"
    with load(port, "keep") as counted:
        for number in range(5):
            main.write_text(language.text("bad", language.crash))
            assert reloaded(project)[1] == 1
            main.write_text(language.text(f"v{number}"))
            assert reloaded(project)[1] == 0
    assert counted["failures"] == 0, counted
    assert len(counted["versions"]) >= 5, "the last one may not have been asked yet"


@pytest.mark.needs("node")
def test_a_request_under_way_gets_its_answer_from_the_version_it_asked(project: Project, port: int) -> None:
    project.write("hybrid.toml", node(project, port, more="stop = {grace = 5}"))
    started(project)
    answers: list[str] = []
    asking = threading.Thread(target=lambda: answers.append(get(port, "/slow")))
    asking.start()
    old = services(project)["web"]["pid"]
    (project.root / "web/main.js").write_text(NODE.text("one"))
    assert reloaded(project)[1] == 0
    assert get(port) == "one"
    asking.join()
    assert answers == ["zero"]
    until(lambda: not alive(old), timeout=20)


def test_streams_go_on_through_the_switch_and_are_closed_at_retire(project: Project, port: int) -> None:
    table = f'[services.web]\ncommand = ["python3", "main.py"]\ndir = "web"\nport = {port}\nport_env = "PORT"\n'
    project.write("hybrid.toml", table + 'health = "/"\nstop = {grace = 3}\n')
    main = project.write("web/main.py", STREAMS.replace('"WORD"', '"zero"'))
    started(project)
    with stream(port, "GET /events HTTP/1.1\r\nHost: x\r\n\r\n") as events, stream(port, UPGRADE) as socket_:
        assert until(lambda: b"data: zero" in events.recv(4096), timeout=10)
        assert socket_.recv(4096).startswith(b"HTTP/1.1 101")
        socket_.sendall(b"one")
        assert exactly(socket_, 8) == b"zero one"
        main.write_text(STREAMS.replace('"WORD"', '"next"'))
        assert reloaded(project)[1] == 0
        assert get(port) == "next"
        socket_.sendall(b"two")
        assert exactly(socket_, 8) == b"zero two", "the old version still has its streams"
        assert b"data: zero" in events.recv(4096)
        assert b"".join(iter(lambda: socket_.recv(4096), b"")) == b"", "then they are closed, whole"
        last = b""
        while not last.endswith(b"\r\n0\r\n\r\n"):  # the last chunk: the stream has ended
            more = events.recv(4096)
            assert more, "it broke off"
            last = (last + more)[-100:]
    with stream(port, UPGRADE) as socket_:
        socket_.recv(4096)
        socket_.sendall(b"three")
        assert exactly(socket_, 10) == b"next three"


UPGRADE = (
    "GET /socket HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)


def exactly(link: socket.socket, size: int) -> bytes:
    """Read so many bytes, in however many pieces they come."""
    return link.recv(size, socket.MSG_WAITALL)


@contextmanager
def stream(port: int, request: str) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        connection.sendall(request.encode())
        yield connection


@pytest.mark.needs("node")
def test_two_services_have_one_front_and_the_second_disturbs_nobody(project: Project, port: int) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        other = free.getsockname()[1]
    project.write("hybrid.toml", node(project, port) + node(project, other, "api"))
    started(project, "web")
    [first] = fronts(project)
    with load(port, "keep") as counted:
        started(project, "api")
        assert get(other) == "zero"
        (project.root / "web/main.js").write_text(NODE.text("one"))
        assert reloaded(project)[1] == 0
        assert project.inv("dev-stop", "api").code == 0
        with pytest.raises(OSError, match="refused"):
            get(other)
        assert get(port) == "one"
    assert counted["failures"] == 0, counted
    until(lambda: len(fronts(project)) == 1, timeout=60)
    assert fronts(project) != [first], "sockets are given to a proxy at its start"
    with socket.create_server(("127.0.0.1", other)):
        pass  # it is given back
    assert project.inv("dev-stop").code == 0
    assert fronts(project) == []


@pytest.mark.needs("node")
def test_nothing_of_the_user_s_own_caddy_is_touched(project: Project, port: int) -> None:
    home = project.root.parent / "home"
    home.mkdir()
    project.environ["HOME"] = str(home)
    project.write("hybrid.toml", node(project, port))
    started(project)
    [front] = fronts(project)
    assert list(home.iterdir()) == []
    listed = subprocess.run(["ss", "-Htlnp"], capture_output=True, text=True, check=True).stdout.splitlines()
    assert {line.split()[3] for line in listed if f"pid={front}," in line} == {f"127.0.0.1:{port}"}
    folder = next((project.root.parent / "state").rglob("front"))
    assert folder.stat().st_mode & 0o777 == 0o700
    assert (folder / "caddy.json").stat().st_mode & 0o777 == 0o600


@pytest.mark.needs("node")
def test_a_service_comes_out_from_behind_the_front_and_goes_back(project: Project, port: int) -> None:
    project.write("hybrid.toml", node(project, port))
    started(project)
    for listen, count in (("own", 0), ("front", 1)):
        project.write("hybrid.toml", node(project, port, more=f'listen = "{listen}"'))
        started(project)
        assert services(project)["web"]["listen"] == listen
        assert get(port) == "zero"
        until(lambda count=count: len(fronts(project)) == count, timeout=30)


@pytest.mark.needs("node")
def test_a_port_in_an_argument_is_a_spare_one_too(project: Project, port: int) -> None:
    project.write("web/main.js", NODE.text("zero").replace("process.env.PORT", 'process.argv[2].split("=")[1]'))
    command = 'command = ["node", "main.js"]\nargs = ["--port={port}"]'
    project.write("hybrid.toml", f'[services.web]\n{command}\ndir = "web"\nport = {port}\nhealth = "/healthz"\n')
    started(project)
    assert services(project)["web"]["listen"] == "front"
    assert get(port) == "zero"


@pytest.mark.needs("node")
def test_a_service_on_an_ipv6_address(project: Project) -> None:
    with socket.create_server(("::1", 0), family=socket.AF_INET6) as free:
        port = free.getsockname()[1]
    project.write("hybrid.toml", node(project, port, more='host = "::1"'))
    started(project)
    shown = services(project)["web"]
    assert (shown["listen"], shown["address"]) == ("front", f"http://[::1]:{port}")
    (project.root / "web/main.js").write_text(NODE.text("one"))
    assert reloaded(project)[1] == 0
    with socket.create_connection(("::1", port), timeout=30) as client:
        client.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        assert b"".join(iter(lambda: client.recv(4096), b"")).endswith(b"one")


def test_bug_a_service_without_a_health_path_was_replaced_and_nobody_said_why(project: Project, port: int) -> None:
    table = node(project, port)
    health = 'health = {http = "/healthz", start_period = 5}\n'
    project.write("hybrid.toml", table.replace(health, ""))
    started(project)
    assert services(project)["web"]["launch"] == "replace"
    assert "it needs `health` with a path\n" in project.inv("dev-status").out
    project.write("hybrid.toml", table)
    started(project)
    project.write("web/main.js", NODE.text("one"))
    assert project.inv("dev-wait", "--reload").code == 0
    assert (services(project)["web"]["launch"], services(project)["web"]["remarks"]) == ("beside", [])
