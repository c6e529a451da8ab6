"""Which services are put behind the front, and how a program is given another port than it was planned for."""

from __future__ import annotations

import asyncio
import socket
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from hybrid_tasks.model.command import Command
from hybrid_tasks.model.probe import HttpProbe, TcpProbe
from hybrid_tasks.model.service import Endpoint, Launch, Listen, Service
from hybrid_tasks.supervisor.listening import REPLACED, Way, address, answered, frontable, moved, replaced

HTTP = HttpProbe("/")
HERE = Path("/")


@pytest.mark.parametrize(
    ("given", "probe", "expected"),
    [
        ({"port": 1, "port_env": "PORT"}, HTTP, True),
        ({"port": 1, "command": ("x", "--listen=:{port}")}, HTTP, True),
        ({"port": 1, "args": ("{port}",)}, HTTP, True),
        ({"port": 1, "listen": Listen.FRONT}, TcpProbe(), True),
        ({"port": 1}, HTTP, False),
        ({"port_env": "PORT"}, HTTP, False),
        ({"port": 1, "port_env": "PORT"}, TcpProbe(), False),
        ({"port": 1, "port_env": "PORT", "listen": Listen.OWN}, HTTP, False),
        ({"port": 1, "port_env": "PORT", "launch": Launch.REPLACE}, HTTP, False),
        ({"port": 1, "port_env": "PORT", "ports": (Endpoint("metrics", 2),)}, HTTP, False),
    ],
)
def test_a_front_is_for_http_services_that_are_told_their_only_port(given, probe, expected) -> None:
    assert frontable(Service("web", HERE, **given), probe) is expected


@pytest.mark.parametrize(
    ("given", "probe", "lacks", "told"),
    [
        ({}, HTTP, None, None),
        ({"port": 1}, HTTP, None, "`port_env`, or `{port}` in `command` or `args`"),
        ({"port": 1, "port_env": "PORT"}, TcpProbe(), None, "`health` with a path"),
        ({"port": 1, "port_env": "PORT"}, HTTP, "pip install x", "pip install x"),
        ({"port": 1, "args": ("{port}",)}, TcpProbe(), "pip install x", "`health` with a path; pip install x"),
        ({"port": 1, "listen": Listen.FRONT}, TcpProbe(), "pip install x", "pip install x"),
        ({"port": 1, "listen": Listen.OWN}, TcpProbe(), "pip install x", None),
        ({"port": 1, "launch": Launch.REPLACE}, TcpProbe(), "pip install x", None),
        ({"port": 1, "hot_reload": False}, TcpProbe(), "pip install x", None),
    ],
)
def test_bug_it_was_not_said_why_a_service_is_replaced(given, probe, lacks, told) -> None:
    service = Service("web", HERE, **given)
    words = None if told is None else f"{REPLACED}; to be started beside it needs {told}"
    assert replaced(service, probe, None, lambda: lacks) == words


def test_what_is_in_the_way_of_a_front_is_said_alone() -> None:
    service = Service("web", HERE, port=1, port_env="PORT")
    assert (
        replaced(service, HTTP, "no program may steer here", lambda: None) == f"{REPLACED}: no program may steer here"
    )
    further = replace(service, ports=(Endpoint("metrics", 2),))
    assert "cannot both have its further `ports`" in (replaced(further, HTTP, None, lambda: None) or "")


def test_another_port_takes_the_place_of_the_planned_one_and_of_nothing_else() -> None:
    planned = Command(("run", "-p", "20111", "--bind=:20111", "120111", "201110"), HERE, {"PORT": "20111", "ID": "9"})
    program = moved(planned, Way(Listen.FRONT, 20111), 7)
    assert program.argv == ("run", "-p", "7", "--bind=:7", "120111", "201110")
    assert dict(program.env) == {"PORT": "7", "ID": "9"}


@pytest.mark.needs("linux")
@pytest.mark.parametrize(
    ("host", "family", "expected"),
    [
        ("127.0.0.1", socket.AF_INET, "127.0.0.1:{}"),
        ("0.0.0.0", socket.AF_INET, "127.0.0.1:{}"),
        ("::1", socket.AF_INET6, "[::1]:{}"),
        ("::", socket.AF_INET6, "127.0.0.1:{}"),
    ],
)
def test_an_instance_is_reached_where_it_listens(host: str, family: socket.AddressFamily, expected: str) -> None:
    with socket.create_server((host, 0), family=family, dualstack_ipv6=host == "::") as server:
        port = server.getsockname()[1]
        assert address(port) == expected.format(port)


@pytest.mark.needs("linux")
def test_requests_are_waited_for_until_they_have_their_answers_or_long_enough() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)) as client:
            begun = asyncio.run(timed(port, 0.2))
            assert begun >= 0.2, "it has not been accepted yet"
            accepted, _ = server.accept()
            later = threading.Timer(0.3, lambda: (accepted.close(), client.close()))
            later.start()
            assert 0.25 < asyncio.run(timed(port, 20)) < 10
            later.join()


async def timed(port: int, seconds: float) -> float:
    loop = asyncio.get_running_loop()
    begun = loop.time()
    await answered(port, seconds)
    return loop.time() - begun
