"""Swaps beside the old instance, while clients ask 200 times a second on connections that they keep open."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from languages import LANGUAGES
from loading import load
from seat import reloaded, services, started
from shop import app, python_service

from hybrid_tasks.testing.project import Project

pytestmark = [pytest.mark.needs("linux"), pytest.mark.timeout(300)]


KINDS = {"one connection a request": (), "keep-alive": ("keep",), "over IPv6": ("::1",)}


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_twenty_swaps_fail_no_request(project: Project, port: int, kind: tuple[str, ...]) -> None:
    main = python_service(project, port, 'host = "::1"' if kind == ("::1",) else "")
    started(project)
    with load(port, *kind) as counted:
        for number in range(20):
            main.write_text(app(f"v{number}"))
            told, code = reloaded(project)
            assert code == 0, told["receipts"]
            assert told["receipts"][0]["launch"] == "beside"
    assert counted["failures"] == 0, counted
    assert counted["answered"] > 200
    assert set(counted["versions"]) <= {"zero", *(f"v{number}" for number in range(20))}
    # A client that keeps its connection moves on when that is closed, which may be some versions later.
    assert len(counted["versions"]) >= (5 if kind == ("keep",) else 18), "clients have moved on"


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_a_version_that_answers_500_never_gets_a_client(project: Project, port: int, host: str) -> None:
    """Twenty of them in a row, each alive for as long as its start period; every second one hangs."""
    main = python_service(project, port, f'host = "{host}"')
    config = project.root / "hybrid.toml"
    config.write_text(config.read_text().replace("start_period = 3", "start_period = 0.5"))
    started(project)
    with load(port, host) as counted:
        for number in range(20):
            main.write_text(app(f"bad{number}", 500 if number % 2 else 0))
            told, code = reloaded(project)
            assert code == 1
            assert told["receipts"][0]["launch"] == "beside"
    assert counted["failures"] == 0, counted
    assert counted["versions"] == {"zero": counted["answered"]}


def test_bad_versions_between_good_ones_fail_no_request_either(project: Project, port: int) -> None:
    main = python_service(project, port)
    started(project)
    bad = ("def broken(:\n", "raise SystemExit(1)\n", app("bad", 500), "import nothing_of_that_name\n")
    with load(port, "keep") as counted:
        for number in range(8):
            main.write_text(bad[number % len(bad)].replace("bad", f"bad{number}"))
            assert reloaded(project)[1] == 1
            main.write_text(app(f"v{number}"))
            assert reloaded(project)[1] == 0
    assert counted["failures"] == 0, counted
    assert not [version for version in counted["versions"] if version.startswith("bad")]


WSGI = """
def app(environ, start_response):
    start_response("200 OK", [("Content-Length", "LENGTH")])
    return [b"WORD"]
"""


def wsgi(word: str) -> str:
    return WSGI.replace("WORD", word).replace("LENGTH", str(len(word)))


@pytest.mark.parametrize(("server", "source"), [("hypercorn", app), ("gunicorn", wsgi)])
def test_swaps_behind_other_servers_fail_no_request_either(
    project: Project, port: int, server: str, source: Callable[[str], str]
) -> None:
    main = python_service(project, port)
    project.write("hybrid.toml", (project.root / "hybrid.toml").read_text() + f'server = "{server}"\n')
    main.write_text(source("zero"))
    started(project)
    with load(port, "keep") as counted:
        for number in range(8):
            main.write_text(source(f"v{number}"))
            told, code = reloaded(project)
            assert code == 0, told["receipts"]
            assert told["receipts"][0]["launch"] == "beside"
        main.write_text("raise ImportError('this version is bad')\n")
        assert reloaded(project)[1] == 1
    assert counted["failures"] == 0, counted
    assert len(counted["versions"]) >= 5, "clients have moved on"


GO = (
    LANGUAGES["go"]
    .source.replace("START", "")
    .replace('"net/http"', '"net"\n\t"net/http"')
    .replace(
        'if err := http.ListenAndServe("127.0.0.1:"+os.Getenv("PORT"), nil); err != nil {\n\t\tpanic(err)\n\t}',
        """listener, err := net.FileListener(os.NewFile(3, "socket")) // LISTEN_FDS
	if err != nil {
		panic(err)
	}
	server := &http.Server{}
	go func() {
		stop := make(chan os.Signal, 1)
		signal.Notify(stop, syscall.SIGTERM)
		<-stop
		server.Shutdown(context.Background())
		os.Exit(0)
	}()
	server.Serve(listener)
	select {}""",
    )
    .replace('"fmt"', '"context"\n\t"fmt"')
    .replace('"time"', '"os/signal"\n\t"syscall"\n\t"time"')
)


@pytest.mark.needs("go")
def test_twenty_swaps_of_a_go_service_that_inherits_fail_no_request(project: Project, port: int) -> None:
    project.write(
        "hybrid.toml", f'[services.web]\nstack = "go"\ndir = "web"\nport = {port}\nhealth = "/"\nlisten = "inherit"\n'
    )
    project.write("web/go.mod", "module sample\n\ngo 1.21\n")
    main = project.write("web/main.go", GO.replace("WORD", "zero"))
    started(project)
    assert services(project)["web"]["launch"] == "beside"
    with load(port, "keep") as counted:
        for number in range(20):
            main.write_text(GO.replace("WORD", f"v{number}"))
            assert reloaded(project)[1] == 0
    assert counted["failures"] == 0, counted
    assert len(counted["versions"]) >= 20
