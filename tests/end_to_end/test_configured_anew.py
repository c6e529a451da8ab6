"""What runs while its configuration changes: taken by the next start, and never lost from sight."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path

import pytest
from languages import LANGUAGES
from seat import ask, output, plain, reloaded, services, started
from shop import app, python_service
from waiting import until

from hybrid_tasks.testing.project import Project, free_port, get

pytestmark = [pytest.mark.needs("linux"), pytest.mark.timeout(300)]
SAYS = """dir = "web"
command = ["sh", "-c", "echo word:$WORD; exec sleep 1000"]"""
SLEEPS = """command = ["sleep", "1000"]"""


def refused(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) != 0


def test_bug_an_edited_env_file_never_reached_what_ran(project: Project) -> None:
    plain(project, {"web": SAYS})
    project.write("web/watched", "")
    project.write(".env", "WORD=one\n")
    started(project)
    until(lambda: "word:one" in output(project, "web"))
    assert not ask(project, "status")[0]["configuration_changed"]
    project.write(".env", "WORD=other\n")
    assert project.inv("dev-env", "web").code == 0
    assert ask(project, "status")[0]["configuration_changed"]
    started(project)
    until(lambda: "word:other" in output(project, "web"))
    until(lambda: not ask(project, "status")[0]["configuration_changed"])
    pid = services(project)["web"]["pid"]
    started(project)
    assert services(project)["web"]["pid"] == pid


def test_bug_a_changed_port_of_a_steered_service_was_not_taken(project: Project, port: int) -> None:
    other = free_port()
    python_service(project, port)
    started(project)
    python_service(project, other)
    project.write("web/main.py", "def broken(:\n")
    assert "old version" in project.inv("dev-start").out
    assert get(port) == "zero"  # it stays until its successor is there
    project.write("web/main.py", app("moved"))
    assert project.inv("dev-wait", "--reload").code == 0
    assert get(other) == "moved"
    until(lambda: refused(port))


def test_bug_a_removed_service_ran_on_unseen(project: Project) -> None:
    plain(project, {"web": SLEEPS, "old": SLEEPS})
    started(project)
    plain(project, {"web": SLEEPS})
    started(project)
    assert services(project)["old"]["state"] == "running"
    assert project.inv("dev-restart").code == 0
    assert project.inv("dev-stop", "old").code == 0
    assert "old" not in services(project)


def test_bug_a_restart_of_nothing_waited_for_what_nobody_started(project: Project) -> None:
    plain(project, {"db": SLEEPS, "web": SLEEPS + '\nneeds = ["db"]', "other": SLEEPS})
    started(project, "other")
    assert project.inv("dev-restart", "web").code == 0
    before = services(project)
    assert {name for name, told in before.items() if told["state"] == "running"} == {"db", "web", "other"}
    assert project.inv("dev-restart", "web").code == 0
    assert services(project)["db"]["pid"] == before["db"]["pid"]


def own(project: Project, port: int, path: str = "/", more: str = "") -> None:
    """Configure a service that binds its port itself, which stands in its arguments and in a variable."""
    project.write(
        "hybrid.toml",
        f'[services.web]\ndir = "web"\nport = {port}\nport_env = "PORT"\nlisten = "own"\n'
        f'command = ["python3", "main.py", "--port={port}"]\n'
        f'health = {{http = "{path}", start_period = 3}}\n{more}\n',
    )


OWN = (
    LANGUAGES["python"]
    .source.replace('int(os.environ["PORT"])', "PORT")
    .replace(
        "START",
        """
import pathlib, sys
PORT = int(sys.argv[1].removeprefix("--port="))
assert os.environ["PORT"] == str(PORT), "told two ports"
for bad in pathlib.Path("bad").read_text().split():
    assert str(PORT) != bad, "this port is bad"
""",
    )
)


@pytest.mark.parametrize("built", ["", 'build = ["true"]'])
def test_bug_a_changed_port_was_rolled_back_to_a_mixture(project: Project, port: int, built: str) -> None:
    other = free_port()
    own(project, port, more=built)
    project.write("web/main.py", OWN.replace("WORD", "good"))
    project.write("web/bad", str(other))
    started(project)
    assert get(port) == "good"
    own(project, other, more=built)
    done = project.inv("dev-start")
    assert done.code == 1
    assert "this port is bad" in done.out + done.err
    assert get(port) == "good", "what worked runs again, on its own port"
    assert refused(other)
    told = ask(project, "status")[0]
    assert told["configuration_changed"]
    [web] = told["services"]
    assert (web["state"], web["healthy"], web["stale"]) == ("running", True, True)
    assert web["address"] == f"http://127.0.0.1:{port}"
    project.write("web/bad", "")
    assert reloaded(project)[1] == 0
    assert get(other) == "good"
    assert refused(port)
    assert not ask(project, "status")[0]["configuration_changed"]


def test_bug_a_changed_health_check_failed_the_version_that_worked(project: Project, port: int) -> None:
    own(project, port)
    status = 'send_response(200 if self.path == "/" else 404)'
    project.write("web/main.py", OWN.replace("WORD", "good").replace("send_response(200)", status))
    project.write("web/bad", "")
    started(project)
    own(project, port, "/wrong")
    assert project.inv("dev-start").code == 1
    assert get(port) == "good"
    assert services(project)["web"]["healthy"]
    assert ask(project, "status")[0]["configuration_changed"]
    assert project.inv("dev-start").code == 1, "asked for again, it is tried again"
    own(project, port)
    started(project)
    assert not ask(project, "status")[0]["configuration_changed"]


def test_bug_a_failed_start_counted_as_taken(project: Project) -> None:
    program = "echo word:$WORD; test $WORD != bad && exec sleep 1000"
    plain(project, {"web": f'dir = "web"\ncommand = ["sh", "-c", "{program}"]'})
    project.write("web/watched", "")
    project.write(".env", "WORD=one\n")
    started(project)
    project.write(".env", "WORD=bad\n")
    assert project.inv("dev-start").code == 1
    assert ask(project, "status")[0]["configuration_changed"]
    assert services(project)["web"]["state"] == "running"
    until(lambda: output(project, "web").split()[-1] == "word:one")
    project.write(".env", "WORD=two\n")
    started(project)
    until(lambda: output(project, "web").split()[-1] == "word:two")
    assert not ask(project, "status")[0]["configuration_changed"]


def test_bug_the_interpreter_was_that_of_whoever_started_the_supervisor(project: Project, tmp_path: Path) -> None:
    venvs = [tmp_path / "first", tmp_path / "second"]
    for venv in venvs:
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", venv], check=True)
    plain(project, {"web": 'stack = "python"\ndir = "web"'})
    project.write(
        "web/main.py", "import sys, threading\nprint('runs', sys.prefix, flush=True)\nthreading.Event().wait()\n"
    )
    for venv in venvs:
        project.environ["VIRTUAL_ENV"] = str(venv)
        if venv is venvs[0]:
            started(project)
        else:
            assert project.inv("dev-restart").code == 0
        until(lambda venv=venv: output(project, "web").split()[-1] == str(venv))


NEW = 'command = ["{python}", "-m", "http.server", "--bind", "127.0.0.1", "{port}"]\nport = {port}\nlisten = "own"\n'


def test_bug_a_service_that_was_renamed_ran_on_unnamed_and_held_the_port(project: Project, port: int) -> None:
    table = NEW.format(python=sys.executable, port=port)
    plain(project, {"stock": table, "web": SLEEPS})
    started(project)
    plain(project, {"stock2": table, "web": SLEEPS})
    done = project.inv("dev-start")
    assert done.code == 1
    told = "`stock` is not in hybrid.toml any more and still runs: `inv dev-stop stock`"
    assert told in done.out
    assert f"port {port} is taken by `stock` of this project" in done.out
    assert "hint: `inv dev-stop stock`, or set services.stock2.port in hybrid.toml" in done.out
    status = project.inv("dev-status").out
    assert told in status
    assert "configuration changed" not in status
    plain(project, {"stock": table, "web": SLEEPS})
    started(project)
    assert "stock2" not in services(project), "what did not even run is forgotten"
    assert ask(project, "status")[0]["configuration_changed"] is False


def test_bug_a_port_of_another_project_was_said_to_be_taken_by_python(
    project: Project, port: int, tmp_path: Path
) -> None:
    other = Project(tmp_path / "other", tmp_path / "state")
    for one in (other, project):
        plain(one, {"stock": NEW.format(python=sys.executable, port=port)})
    started(other)
    try:
        done = project.inv("dev-start")
        assert done.code == 1
        assert f"port {port} is taken by `stock` of the project in `{other.root}`" in done.out
        assert "hint: `inv dev-stop stock` there, or set services.stock.port" in done.out
        doctor = project.inv("dev-doctor")
        assert f"port {port} is taken by `stock` of the project in `{other.root}`" in doctor.out + doctor.err
    finally:
        assert other.close() == []
