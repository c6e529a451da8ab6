"""P8: Ctrl+C once stops gracefully, twice at once, and however often it is pressed: 130, and nothing is left."""

from __future__ import annotations

import io
import time
from typing import Any

import pytest
from kills import gone
from seat import output, plain, services, started
from terminals import ended, press_ctrl_c, screen, terminal
from zoos import shape

from hybrid_tasks.testing.project import Project

pytestmark = [pytest.mark.needs("linux"), pytest.mark.timeout(300)]

LONG = 60.0  # a grace nobody waits for
NEVER = 'command = ["sleep", "1000"]\nhealth = {log = "never said", start_period = 100}'


def following(child: Any, services: int) -> None:
    """Wait until the log of so many services is shown: all are healthy."""
    for _ in range(services):
        child.expect(r"\| \S*ready")


@pytest.fixture
def _polite(project: Project) -> None:
    plain(project, {"polite": shape("polite", LONG), "session": shape("session", LONG)})


@pytest.fixture
def _deaf(project: Project) -> None:
    plain(project, {"polite": shape("polite", LONG), "deaf": shape("deaf", LONG), "storm": shape("storm", LONG)})


@pytest.mark.usefixtures("_polite")
def test_p8_once_stops_the_foreground_gracefully(project: Project) -> None:
    for _ in range(4):
        with terminal(project, "dev-start", "--foreground") as child:
            following(child, 2)
            press_ctrl_c(child, 1)
            assert ended(child) == 130, child.before
            assert project.survivors() == []
            assert "Traceback" not in child.before
        assert output(project, "polite").splitlines()[-1] == "main got TERM"
        assert output(project, "session").splitlines()[-2:] == ["main got TERM", "child got TERM"]
        gone(project, 10)


@pytest.mark.usefixtures("_deaf")
@pytest.mark.parametrize("times", [2, 5])
def test_p8_more_than_once_kills_the_foreground(project: Project, times: int) -> None:
    for _ in range(4):
        with terminal(project, "dev-start", "--foreground") as child:
            following(child, 3)
            begun = time.monotonic()
            press_ctrl_c(child, times)
            code = ended(child)
            assert "Traceback" not in child.before
            assert code == 130, child.before
            assert time.monotonic() - begun < LONG / 2
        gone(project, 10)


def interrupted(project: Project, times: int, *words: str) -> None:
    """Press Ctrl+C on a start of which one service is there and the other never will be."""
    with terminal(project, *words) as child:
        child.expect_exact("polite")
        child.expect_exact("healthy")
        press_ctrl_c(child, times)
        code = ended(child)
        assert "Traceback" not in child.before
        assert code == 130, child.before


@pytest.mark.parametrize("times", [1, 2, 5])
def test_p8_on_a_foreground_that_still_waits(project: Project, times: int) -> None:
    plain(project, {"polite": shape("polite"), "never": NEVER})
    for _ in range(3):
        interrupted(project, times, "dev-start", "--foreground")
        gone(project, 10)


@pytest.mark.parametrize("times", [1, 2, 5])
def test_p8_on_a_start_that_waits_stops_what_it_was_starting(project: Project, times: int) -> None:
    plain(project, {"before": shape("polite"), "polite": shape("polite"), "never": NEVER})
    started(project, "before")
    pid = services(project)["before"]["pid"]
    for _ in range(3):
        interrupted(project, times, "dev-start")
        states = {name: one["state"] for name, one in services(project).items()}
        assert states == {"before": "running", "polite": "stopped", "never": "stopped"}
        assert services(project)["before"]["pid"] == pid, "what ran before goes on"


@pytest.mark.parametrize("times", [1, 2, 5])
def test_p8_on_a_cold_start_leaves_no_supervisor(project: Project, times: int) -> None:
    plain(project, {"polite": shape("polite"), "never": NEVER})
    interrupted(project, times, "dev-start")
    gone(project, 10)


def test_bug_an_interrupted_start_left_a_broken_block_and_did_not_say_what_it_stopped(project: Project) -> None:
    plain(project, {"before": shape("polite"), "polite": shape("polite"), "never": NEVER})
    started(project, "before")
    with terminal(project, "dev-start") as child:
        child.logfile_read = seen = io.StringIO()
        child.expect_exact("polite")
        child.expect(r"waiting for its health.*?waiting for its health")
        press_ctrl_c(child, 1)
        assert ended(child) == 130
    *_, last = lines = screen(seen.getvalue())
    assert last == "interrupted: stopped polite, never (ran before and goes on: before)", lines
    assert lines == ["stopping (Ctrl+C again: at once)", last], "the block is taken away"


@pytest.mark.usefixtures("_polite")
def test_bug_the_foreground_did_not_say_what_it_had_stopped(project: Project) -> None:
    with terminal(project, "dev-start", "--foreground") as child:
        following(child, 2)
        press_ctrl_c(child, 1)
        child.expect_exact("stopping (Ctrl+C again: at once)")
        child.expect_exact("stopped polite, session\r\n")
        assert ended(child) == 130


def test_p8_at_any_moment_of_a_start(project: Project) -> None:
    """Also while Python still imports: 130 or killed by the signal, never a traceback of ours, never a process."""
    import random
    import threading

    chance = random.Random(20261121)
    plain(project, {"polite": shape("polite"), "never": NEVER})
    for _ in range(10):
        with terminal(project, "dev-start", chance.choice(["--foreground", "--timeout=30"])) as child:
            threading.Event().wait(chance.uniform(0.25, 1.2))
            press_ctrl_c(child, chance.choice([1, 2, 5]))
            code = ended(child)
            assert code in {130, -2, 1}, child.before
        gone(project, 15)


def test_bug_ctrl_c_on_a_foreground_that_still_starts_stopped_what_ran_before(project: Project) -> None:
    plain(project, {"before": shape("polite"), "never": NEVER})
    started(project, "before")
    with terminal(project, "dev-start", "never", "--foreground") as child:
        child.expect_exact("waiting for its health")
        press_ctrl_c(child, 1)
        assert ended(child) == 130, child.before
    assert services(project)["before"]["state"] == "running"
