"""H1, H2: somebody else has our port: named before the start; answering in our place is no proof of health."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from kills import background
from seat import plain, reloaded, services, started, state
from shop import app, python_service
from waiting import until

from hybrid_tasks.testing.project import Project, free_port, get

pytestmark = [pytest.mark.needs("linux"), pytest.mark.timeout(180)]

SERVER = """import http.server, sys
class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"stranger")
    def log_message(self, *_):
        pass
http.server.ThreadingHTTPServer((sys.argv[1], int(sys.argv[2])), Answer).serve_forever()
"""


class Stranger:
    """A web server of somebody else that answers every health question with 200."""

    def __init__(self, port: int, host: str = "127.0.0.1") -> None:
        self.process = subprocess.Popen([sys.executable, "-I", "-S", "-c", SERVER, host, str(port)])
        until(lambda: _listens(port))

    def end(self) -> None:
        self.process.kill()
        self.process.wait()


def _listens(port: int) -> bool:
    needle = f":{port:04X} "
    tables = Path("/proc/net/tcp").read_text() + Path("/proc/net/tcp6").read_text()
    return any(needle in line and " 0A " in line for line in tables.splitlines())


@pytest.fixture
def stranger(port: int) -> Iterator[Stranger]:
    one = Stranger(port)
    yield one
    one.end()


OWN = """import http.server, os
class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"ours")
http.server.ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Answer).serve_forever()
"""


def own(project: Project, port: int, more: str = "") -> None:
    """A service that binds its port itself."""
    words = f'["{sys.executable}", "-I", "-S", "server.py"]'
    plain(
        project,
        {
            "web": f'dir = "web"\ncommand = {words}\nport = {port}\nport_env = "PORT"\nlisten = "own"\nhealth = "/"\n{more}'
        },
    )
    project.write("web/server.py", OWN)


@pytest.mark.parametrize("kind", ["binds itself", "inherits"])
def test_h1_a_port_that_is_taken_names_who_has_it(project: Project, port: int, stranger: Stranger, kind: str) -> None:
    if kind == "inherits":
        python_service(project, port)
    else:
        own(project, port)
    done = project.inv("dev-start")
    assert done.code == 1, done.out
    told = done.out + done.err
    assert f"port {port} is taken by `python" in told
    assert f"(pid {stranger.process.pid})" in told
    assert "services.web.port" in told, "and what to do about it"
    assert get(port) == "stranger", "it is left alone"
    assert services(project)["web"]["healthy"] is False
    stranger.end()
    started(project)
    assert get(port) in {"ours", "zero"}


def test_h1_others_start_all_the_same(project: Project, port: int, stranger: Stranger) -> None:
    own(project, port)
    file = project.root / "hybrid.toml"
    file.write_text(file.read_text() + '\n[services.other]\ndir = "other"\ncommand = ["sleep", "1000"]\n')
    project.write("other/x", "")
    assert project.inv("dev-start").code == 1
    assert state(project, "other") == "running"


@pytest.mark.parametrize("host", ["0.0.0.0", "::1", "::"])
def test_h1_also_on_another_address(project: Project, port: int, host: str) -> None:
    if ":" in host and not Path("/proc/net/if_inet6").read_text():
        pytest.skip("needs IPv6")
    server = SERVER.replace("import http.server, sys", "import http.server, socket, sys").replace(
        "http.server.ThreadingHTTPServer(",
        "http.server.ThreadingHTTPServer.address_family = socket.AF_INET6 if ':' in sys.argv[1] else socket.AF_INET\n"
        "http.server.ThreadingHTTPServer(",
    )
    process = subprocess.Popen([sys.executable, "-I", "-S", "-c", server, host, str(port)])
    try:
        until(lambda: _listens(port))
        python_service(project, port)
        done = project.inv("dev-start")
        assert done.code == 1, done.out
        assert f"(pid {process.pid})" in done.out + done.err
    finally:
        process.kill()
        process.wait()


def test_h2_a_stranger_that_answers_in_our_place_is_not_our_health(project: Project, port: int) -> None:
    """The service takes its time and never listens; meanwhile somebody else takes the port and answers 200."""
    own(project, port, "")
    file = project.root / "hybrid.toml"
    file.write_text(file.read_text().replace('health = "/"', 'health = {http = "/", start_period = 4}'))
    project.write("web/server.py", "import time; open('up', 'w'); time.sleep(1000)")
    starting = background(project, "dev-start")
    until((project.root / "web" / "up").exists, timeout=30)
    one = Stranger(port)
    try:
        assert starting.wait(60) == 1
        shown = services(project)["web"]
        assert shown["healthy"] is False
        assert f"(pid {one.process.pid})" in shown["detail"]
        assert "not by this service" in shown["detail"]
    finally:
        one.end()


def test_h2_a_stranger_cannot_listen_beside_a_steered_service(project: Project, port: int) -> None:
    main = python_service(project, port)
    started(project)
    process = subprocess.run(
        [sys.executable, "-I", "-S", "-c", SERVER, "127.0.0.1", str(port)], capture_output=True, timeout=20
    )
    assert process.returncode == 1
    assert b"Address already in use" in process.stderr
    main.write_text(app("one"))
    assert reloaded(project)[1] == 0
    assert get(port) == "one"


def test_a_port_of_another_service_of_ours_is_told_before_anything_starts(project: Project) -> None:
    port = free_port()
    plain(
        project,
        dict.fromkeys(("one", "two"), f'command = ["sleep", "1000"]\nport = {port}\nhealth = {{alive = true}}'),
    )
    done = project.inv("dev-start")
    assert done.code == 2
    assert str(port) in done.err
    assert project.survivors() == []


def test_the_port_is_free_after_the_stop(project: Project, port: int) -> None:
    python_service(project, port)
    started(project)
    assert project.inv("dev-stop").code == 0
    one = Stranger(port)
    assert get(port) == "stranger"
    one.end()
