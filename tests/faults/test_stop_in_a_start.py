"""A stop that comes while a start is still on its way: whatever the moment, nothing runs afterwards and both say so."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from kills import background, gone
from seat import plain, state
from waiting import until
from zoos import shape

from hybrid_tasks.control import messages, paths
from hybrid_tasks.control.client import connect
from hybrid_tasks.errors import Code, StoppedMeanwhile
from hybrid_tasks.testing.project import Project

pytestmark = [pytest.mark.needs("linux"), pytest.mark.timeout(180)]

WORDS = "error: stopped by `inv dev-stop`"
NEVER = 'command = ["sleep", "1000"]\nhealth = {log = "never said", start_period = 100}'
HELD = "open({gate!r}).read()\n"  # `hybrid_plugins.py` is read when the project is loaded: until its writer closes


def background_start(project: Project, *words: str) -> subprocess.Popen[bytes]:
    return background(project, "dev-start", *words, stdout=subprocess.PIPE)


def said(process: subprocess.Popen[bytes]) -> tuple[int, str]:
    """How a command ended, and what it said."""
    out, _ = process.communicate(timeout=100)
    return process.returncode, out.decode()


WAITS = "import sys\nif '--ready' in sys.orig_argv:\n    open({gate!r}).read()\n"  # before it can listen


@contextmanager
def held(project: Project, gate: Path) -> Iterator[tuple[subprocess.Popen[bytes], Callable[[], None]]]:
    """A start whose supervisor stands still where it reads this; the second lets it go on."""
    os.mkfifo(gate)
    with background_start(project) as start:
        holding = os.open(gate, os.O_WRONLY)  # once it waits there

        def go_on() -> None:
            os.close(holding)
            gate.unlink()
            gate.write_text("")

        yield start, go_on


@contextmanager
def born(project: Project) -> Iterator[tuple[subprocess.Popen[bytes], Callable[[], None]]]:
    """A start whose supervisor stands still before it listens."""
    gate = project.root.parent / "gate"
    (project.root.parent / "sitecustomize.py").write_text(WAITS.format(gate=str(gate)))
    project.environ["PYTHONPATH"] = str(project.root.parent)
    with held(project, gate) as both:
        yield both


@contextmanager
def loading(project: Project) -> Iterator[tuple[subprocess.Popen[bytes], Callable[[], None]]]:
    """A start whose request is read, while the project still loads."""
    gate = project.root / "gate"
    project.write("hybrid_plugins.py", HELD.format(gate=str(gate)))
    with held(project, gate) as both:
        yield both


def wished(project: Project) -> None:
    """Wait until a stop has made itself known to the starts that are under way."""
    gate = paths.state_dir(project.root, project.environ) / "starting"
    until(lambda: gate.stat().st_size > 0, timeout=30)


@pytest.fixture(autouse=True)
def _services(project: Project) -> None:
    plain(project, {"web": shape("polite"), "api": shape("polite")})


def test_bug_a_stop_waits_for_the_supervisor_that_is_being_started(project: Project) -> None:
    with born(project) as (start, go_on):
        with background(project, "dev-stop", stdout=subprocess.PIPE) as stop:
            wished(project)
            go_on()
            code, words = said(stop)
        assert code == 0
        assert words in {"stopped a start that had only begun\n", "web  stopped\napi  stopped\n"}
        code, words = said(start)
        assert code == 1, words
        assert WORDS in words
    gone(project, 15)


def test_bug_a_start_that_was_killed_at_the_gate_does_not_hold_up_a_stop(project: Project) -> None:
    with born(project) as (start, go_on):
        start.kill()
        start.wait()
        with background(project, "dev-stop", stdout=subprocess.PIPE) as stop:
            wished(project)
            go_on()
            assert said(stop)[0] == 0
    gone(project, 15)


def test_bug_a_start_that_has_connected_and_not_asked_yet_is_stopped(project: Project) -> None:
    with connect(project.root, start=True, environ=project.environ) as connection:
        assert project.inv("dev-stop").code == 0
        with pytest.raises(StoppedMeanwhile):
            connection.ask(messages.ask("start", {}, project.environ))
    gone(project, 15)


def test_bug_a_start_that_asks_in_the_moment_of_a_stop_is_stopped(project: Project) -> None:
    with loading(project) as (start, go_on):
        done = project.inv("dev-stop")
        go_on()
        assert (done.code, done.out) == (0, "stopped a start that had only begun\n"), done.err
        code, words = said(start)
        assert code == 1
        assert WORDS in words
    gone(project, 15)


def test_bug_a_stop_of_one_service_was_undone_by_the_start_that_still_loaded(project: Project) -> None:
    with loading(project) as (start, go_on):
        done = project.inv("dev-stop", "api")
        go_on()
        assert (done.code, done.out) == (0, "stopped a start that had only begun\n"), done.err
        code, words = said(start)
    assert code == 1
    assert "api  stopped by `inv dev-stop`" in words
    assert (state(project, "web"), state(project, "api")) == ("running", "stopped")


def test_bug_a_start_that_was_stopped_before_it_was_up_says_so(project: Project) -> None:
    plain(project, {"web": shape("polite"), "never": NEVER})
    with background_start(project) as start:
        until(lambda: state(project, "never") == "starting", timeout=30)
        assert project.inv("dev-stop").code == 0
        code, words = said(start)
    assert code == 1
    assert WORDS in words
    gone(project, 15)


def test_bug_a_start_names_what_of_it_was_stopped_meanwhile(project: Project) -> None:
    plain(project, {"web": shape("polite"), "never": NEVER})
    with background_start(project) as start:
        until(lambda: state(project, "never") == "starting" and state(project, "web") == "running", timeout=30)
        assert project.inv("dev-stop", "never").code == 0
        code, words = said(start)
    assert code == Code.FAILED
    assert "never  stopped by `inv dev-stop`" in words
    assert "web" in words
    assert state(project, "web") == "running"


def test_a_start_after_a_stop_starts(project: Project) -> None:
    """What was said of a stop counts for those before it only."""
    for _ in range(2):
        assert project.inv("dev-start").code == 0
        assert project.inv("dev-stop").code == 0
