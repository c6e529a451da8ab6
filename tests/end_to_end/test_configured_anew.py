"""What runs while its configuration changes: taken by the next start, and never lost from sight."""

from __future__ import annotations

import socket

import pytest
from seat import ask, output, plain, services, started
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
