"""A front that is killed, that does not start, whose port is taken, whose service or supervisor dies."""

from __future__ import annotations

import http.client
import socket
import subprocess

import pytest
from fronted import NODE, alive, fronts, node
from kills import kill, supervisors
from seat import ask, reloaded, services, started
from waiting import until

from hybrid_tasks.testing.project import Project, get

pytestmark = [pytest.mark.needs("linux", "caddy", "node"), pytest.mark.timeout(300)]


def test_a_killed_front_comes_back_and_the_services_do_not_notice(project: Project, port: int) -> None:
    project.write("hybrid.toml", node(project, port))
    started(project)
    before = services(project)["web"]
    [front] = fronts(project)
    subprocess.run(["kill", "-9", str(front)], check=True)
    assert get(port) == "zero", "connections were held meanwhile"
    [again] = until(lambda: fronts(project), timeout=20)
    assert again != front
    after = services(project)["web"]
    assert (after["pid"], after["restarts"], after["healthy"]) == (before["pid"], 0, True)
    (project.root / "web/main.js").write_text(NODE.text("one"))
    assert reloaded(project)[1] == 0
    assert get(port) == "one"


def test_a_crash_is_explained_on_kept_connections_too(project: Project, port: int) -> None:
    project.write("hybrid.toml", node(project, port, more='restart = "never"'))
    started(project)
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("GET", "/")
    assert connection.getresponse().read() == b"zero"
    subprocess.run(["kill", "-9", str(services(project)["web"]["pid"])], check=True)
    until(lambda: services(project)["web"]["state"] == "crashed", timeout=20)
    connection.request("GET", "/", headers={"Accept": "*/*"})
    answer = connection.getresponse()
    assert (answer.status, answer.read().splitlines()[0]) == (503, b"web ended by SIGKILL")
    connection.close()
    assert ask(project, "restart", services=["web"], timeout=60.0)[1] == 0
    assert get(port) == "zero"


def test_a_port_that_is_taken_is_named_before_any_front_is_started(project: Project, port: int) -> None:
    project.write("hybrid.toml", node(project, port))
    with socket.create_server(("127.0.0.1", port)):
        done = project.inv("dev-start")
    assert done.code == 1
    assert f"port {port} is taken by `" in done.out + done.err
    assert fronts(project) == []


def test_a_front_that_does_not_start_is_told_with_its_own_words(project: Project, port: int) -> None:
    project.write("hybrid.toml", node(project, port))
    project.write(
        "hybrid_plugins.py",
        "import hybrid_gateway_caddy\nfrom hybrid_tasks.api import hookimpl\n\n"
        "@hookimpl\ndef gateway_render(routes, settings):\n"
        "    files = hybrid_gateway_caddy.gateway_render(routes, settings)\n"
        "    return {name: text.replace('fd/3', 'fd/77') for name, text in files.items()}\n",
    )
    done = project.inv("dev-start")
    assert done.code == 1
    error = services(project)["web"]["last_receipt"]["error"]
    assert error.startswith("Caddy, the proxy in front of services, ended with 1\n")
    assert "listening on fd/77" in error
    assert "\x1b" not in error
    assert 'hint: mend what it says, or set `listen = "own"`' in error
    assert fronts(project) == []
    (project.root / "hybrid_plugins.py").unlink()
    assert project.inv("dev-stop").code == 0
    started(project)
    assert services(project)["web"]["listen"] == "front"


def test_the_front_ends_with_a_killed_supervisor(project: Project, port: int) -> None:
    project.write("hybrid.toml", node(project, port))
    started(project)
    [front] = fronts(project)
    kill(supervisors(project))
    until(lambda: not alive(front), timeout=20)
    started(project)
    assert get(port) == "zero"
