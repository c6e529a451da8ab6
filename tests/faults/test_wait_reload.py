"""`dev-wait --reload`: write and wait at once, and never hear of an older version."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from seat import ask, plain, reloaded, started
from waiting import until

from hybrid_tasks.testing.project import Project

pytestmark = pytest.mark.needs("linux")

ECHO = 'dir = "echo"\ncommand = ["sh", "-c", "cat word; exec sleep 1000"]'


@pytest.fixture
def word(project: Project) -> Path:
    """The source of a running service that says with which content it was started."""
    plain(project, {"echo": ECHO})
    file = project.write("echo/word", "zero\n")
    started(project)
    return file


def said(project: Project) -> str:
    """The content the newest instance was started with; it counts as alive before its `cat` has printed it."""
    newest = max((project.root / ".hybrid" / "logs" / "echo").glob("*-instance-*.log"))
    return until(newest.read_text).strip()


def test_five_hundred_times_write_and_wait_at_once(project: Project, word: Path) -> None:
    ids = set()
    for number in range(500):
        word.write_text(f"v{number}\n")
        told, code = reloaded(project)
        [receipt], [status] = told["receipts"], told["services"]
        assert code == 0, receipt
        assert receipt["result"] == "live"
        assert status["source"]["live"] is True
        assert said(project) == f"v{number}"
        ids.add(receipt["id"])
        for old in sorted((project.root / ".hybrid/logs/echo").glob("*.log"))[:-2]:
            old.unlink()
    assert len(ids) == 500, "every answer was about another save"


def test_the_command_itself_waits_for_the_save_before_it(project: Project, word: Path) -> None:
    for number in range(20):
        word.write_text(f"w{number}\n")
        done = project.inv("dev-wait", "--reload")
        assert done.code == 0, done.out + done.err
        assert said(project) == f"w{number}"


def test_nothing_to_do_is_done(project: Project, word: Path) -> None:
    before = ask(project, "wait", services=[], reload=True, timeout=60.0)[0]["receipts"]
    for _ in range(20):
        told, code = reloaded(project)
        assert (told["receipts"], code) == (before, 0)


def test_bug_1_a_reload_that_was_asked_for_is_not_paused_as_a_suspected_loop(project: Project, word: Path) -> None:
    """Saves right after a reload look like a feedback loop; who asked for the reload waited out the pause."""
    slow = []
    for number in range(60):
        word.write_text(f"x{number}\n")
        begun = time.monotonic()
        assert reloaded(project)[1] == 0
        slow.append(time.monotonic() - begun)
    assert sorted(slow)[-3] < 0.9, "most wait for no pause of a second"
