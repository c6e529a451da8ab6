"""A debug session among what else happens meanwhile: saves that come in between, other drivers, other wishes."""

from __future__ import annotations

import os
import signal
import sys

import pytest
from attaching import GO, PYTHON, debugging, laid
from drivers import EVERY as DRIVERS
from holding import Held
from languages import table, written
from seat import reloaded, services, started
from waiting import until

from hybrid_tasks.process import ports
from hybrid_tasks.testing.project import Project, free_port, get

pytestmark = [pytest.mark.needs("linux"), pytest.mark.timeout(300)]


@pytest.mark.needs("go", "air", "dlv")
@pytest.mark.parametrize("undone", [False, True], ids=["saved", "undone"])
def test_bug_a_save_while_a_driver_makes_way_for_the_debugger_lost_the_debugger(
    project: Project, port: int, undone: bool
) -> None:
    file = laid(project, GO, port, DRIVERS["air"].options)
    before, held = file.read_text(), Held(project)
    started(project)
    held.hold()
    with debugging(project, "web", "--debugger") as task:
        held.builds()
        held.save(file, GO.language.text("one"), 1)
        if undone:
            held.builds()
            held.save(file, before, 2)
        held.let_go()
        debugger = task.ready()
        told = services(project)["web"]
        assert told["debugger"] is not None
        assert told["debugger"]["port"] == debugger
        assert get(port) == ("zero" if undone else "one")
        assert task.ctrl_c() == 130
    assert services(project)["web"]["debugger"] is None


@pytest.mark.needs("go", "dlv")
def test_bug_a_save_that_was_undone_left_the_editors_task_busy(project: Project, port: int) -> None:
    file = laid(project, GO, port)
    before, held = file.read_text(), Held(project)
    with debugging(project, "web", "--debugger") as task:
        debugger = task.ready()
        told = services(project)["web"]
        held.hold()
        file.write_text(GO.language.text("one"))
        held.builds()
        until(lambda: task.text.count("[hybrid] web is coming up under the debugger") == 2)
        held.save(file, before, 1)
        assert task.ready(2) == debugger
        held.let_go()
        assert services(project)["web"]["pid"] == told["pid"]
        assert get(port) == "zero"
        file.write_text(GO.language.text("two"))
        assert reloaded(project)[1] == 0
        assert task.ready(3) == debugger
        assert task.text.count("[hybrid] web is coming up under the debugger") == 3
        assert task.ctrl_c() == 130


@pytest.mark.needs("go", "dlv")
def test_a_save_after_another_ends_no_round_of_the_editors_task(project: Project, port: int) -> None:
    file, held = laid(project, GO, port), Held(project)
    with debugging(project, "web", "--debugger") as task:
        task.ready()
        held.hold()
        file.write_text(GO.language.text("one"))
        held.builds()
        held.save(file, GO.language.text("two"), 1)
        held.let_go()
        task.ready(2)
        assert get(port) == "two"
        until(lambda: task.text.count("[hybrid] web is coming up under the debugger") == 2)
        assert task.ctrl_c() == 130


@pytest.mark.needs("debugpy")
@pytest.mark.parametrize("ended", ["crashed", "finished"])
def test_bug_a_service_that_ended_under_its_debugger_did_not_come_back(project: Project, port: int, ended: str) -> None:
    laid(project, PYTHON, port)
    text = (project.root / "hybrid.toml").read_text()
    rule = "never" if ended == "crashed" else "auto"
    project.write("hybrid.toml", text.replace("[services.web]\n", f'[services.web]\nrestart = "{rule}"\n', 1))
    file = project.root / "web" / "main.py"
    stop = "import os, signal\nsignal.signal(signal.SIGUSR1, lambda *_: os._exit(0))\n"
    file.write_text(stop + file.read_text())
    started(project)
    with debugging(project, "web", "--debugger") as task:
        task.ready()
        found = ports.holder(port)
        assert found is not None
        assert found.pid is not None
        os.kill(found.pid, signal.SIGKILL if ended == "crashed" else signal.SIGUSR1)
        until(lambda: services(project)["web"]["state"] == ended, 60)
        assert task.ctrl_c() == 130
    assert task.text.splitlines()[-1] == "[hybrid] web runs without the debugger"
    told = services(project)["web"]
    assert (told["state"], told["debugger"]) == ("running", None)
    assert get(port) == "zero"


SLEEPS = 'command = ["sleep", "1000"]\n'


def needing(project: Project, port: int, *names: str) -> None:
    """Lay Python services that all need `db`."""
    laid(project, PYTHON, port, f"[services.db]\n{SLEEPS}")
    text = (project.root / "hybrid.toml").read_text()
    text = text.replace("[services.web]\n", '[services.web]\nneeds = ["db"]\n', 1)
    for name in names:
        text += table(
            PYTHON.language, free_port(), f'needs = ["db"]\n[services.{name}.python]\npython = "{sys.executable}"', name
        )
        written(project, PYTHON.language, "zero", name)
    project.write("hybrid.toml", text)


@pytest.mark.needs("debugpy")
@pytest.mark.parametrize("wanted", ["web", "db"])
def test_bug_the_end_of_a_session_stopped_what_others_had_wanted_since(
    project: Project, port: int, wanted: str
) -> None:
    needing(project, port)
    with debugging(project, "web", "--debugger") as task:
        task.ready()
        started(project, wanted)
        assert task.ctrl_c() == 130
    told = services(project)
    assert told["db"]["state"] == "running"
    assert told["web"]["state"] == ("running" if wanted == "web" else "stopped")
    assert told["web"]["debugger"] is None
    if wanted == "web":
        assert get(port) == "zero"


@pytest.mark.needs("debugpy")
def test_bug_the_end_of_a_session_stopped_what_another_session_needs(project: Project, port: int) -> None:
    needing(project, port, "other")
    with debugging(project, "web", "--debugger") as first:
        first.ready()
        with debugging(project, "other", "--debugger") as second:
            second.ready()
            assert first.ctrl_c() == 130
            told = services(project)
            assert [told[name]["state"] for name in ("web", "db", "other")] == ["stopped", "running", "running"]
            assert told["other"]["debugger"] is not None
            assert second.ctrl_c() == 130
    told = services(project)
    assert [told[name]["state"] for name in ("web", "db", "other")] == ["stopped", "stopped", "stopped"]
