"""Histories of a service, and what its log says of them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from hybrid_tasks.model.events import Event
from hybrid_tasks.model.receipt import Receipt, Result, Stage
from hybrid_tasks.model.status import Blocked, Crashed, Finished, Held, InFlight, Instance, Stopped, Unit, Waiting
from hybrid_tasks.model.verdict import Healthy, Unhealthy, Unknown
from hybrid_tasks.supervisor.chronicle import Chronicle

ONE = Instance("run1", 1, 1.0, "f1", "beside")
TWO = Instance("run2", 2, 2.0, "f2", "beside")
SAVED = Receipt(
    "r1", "web", "save", Result.LIVE, "beside", "f2", 1.0, ("web/app.py",), (Stage("launch", 84.2, ok=True),)
)


class Story:
    """A service that becomes one thing after the other.

    Args:
        folder: of the project.
    """

    def __init__(self, folder: Path) -> None:
        self.logs = folder / "logs" / "web"
        self.unit = Unit("web")
        self.chronicle = Chronicle(folder, lambda _name: self.logs, lambda _name: self.unit)

    def becomes(self, **changes: object) -> None:
        self.unit = replace(self.unit, **changes)  # type: ignore[arg-type]
        self.chronicle.hear(Event("state", 1.0, "web"))

    def swapped(self, receipt: Receipt) -> None:
        self.chronicle.hear(Event("receipt", 1.0, "web", receipt.as_json()))

    @property
    def told(self) -> list[str]:
        lines = [line for file in sorted(self.logs.glob("*.log")) for line in file.read_text().splitlines()]
        return [json.loads(line)["text"] for line in lines]


@pytest.fixture
def story(tmp_path: Path) -> Iterator[Story]:
    story = Story(tmp_path)
    yield story
    story.chronicle.close()


def test_a_good_life(story: Story) -> None:
    story.becomes(wanted=True, rest=Waiting(()))
    story.becomes(serving=ONE, verdict=Healthy(), rest=None)
    story.swapped(replace(SAVED, trigger="start", files=()))
    story.becomes(serving=TWO)
    story.swapped(SAVED)
    story.swapped(replace(SAVED, files=("go.mod",), note="full rebuild: go.mod changed"))
    story.swapped(replace(SAVED, result=Result.CANCELLED))
    story.swapped(replace(SAVED, result=Result.UNCHANGED))
    story.becomes(serving=None, verdict=Unknown(), wanted=False, rest=Stopped())
    assert story.told == [
        "started: 84 ms (receipt r1)",
        "live again: web/app.py saved, 84 ms (receipt r1)",
        "live again: go.mod saved, 84 ms, full rebuild: go.mod changed (receipt r1)",
        "saved back to what runs (receipt r1)",
        "stopped",
    ]


def test_a_bad_save_beside_what_serves(story: Story, tmp_path: Path) -> None:
    story.becomes(wanted=True, serving=ONE, verdict=Healthy(), rest=None)
    story.swapped(replace(SAVED, result=Result.FAILED, error=f"{tmp_path}/web/app.py:3: SyntaxError: no\n  x"))
    assert story.told == ["save failed, the version before goes on: web/app.py:3: SyntaxError: no (receipt r1)"]


def test_crashes_and_starts_again(story: Story) -> None:
    story.becomes(wanted=True, serving=ONE, verdict=Healthy(), rest=None)
    story.becomes(serving=None, verdict=Unknown(), rest=Crashed(3, ("tail",), "starts again in 0.5 s"))
    story.becomes(serving=TWO, verdict=Healthy(), rest=None)
    story.swapped(replace(SAVED, trigger="crash", files=(), note="ended with 3"))
    story.becomes(serving=None, verdict=Unknown(), rest=Crashed(-9, (), "waits for a change"))
    story.swapped(replace(SAVED, result=Result.FAILED, error="app.py:1: no"))
    assert story.told == [
        "crashed with 3, starts again in 0.5 s",
        "started again: it ended with 3, 84 ms (receipt r1)",
        "crashed by SIGKILL, waits for a change",
        "save failed, waits for a change: app.py:1: no (receipt r1)",
    ]


def test_a_start_that_failed(story: Story) -> None:
    story.becomes(wanted=True, rest=Crashed(1, ("no",), "waits for a change"))
    story.swapped(replace(SAVED, trigger="start", result=Result.FAILED, error="it never answered\nlast words"))
    assert story.told == ["start failed, waits for a change: it never answered: last words (receipt r1)"]


def test_health_that_goes_and_comes_back(story: Story) -> None:
    story.becomes(wanted=True, serving=ONE, verdict=Healthy(), rest=None)
    story.becomes(verdict=Unhealthy("GET /healthz answered 500"))
    story.becomes(restarts=1)
    story.becomes(verdict=Healthy())
    assert story.told == ["not healthy any more: GET /healthz answered 500", "healthy again"]


def test_why_nothing_is_started(story: Story) -> None:
    story.becomes(wanted=True, rest=Blocked("`cargo` is missing", "curl https://sh.rustup.rs -sSf | sh"))
    story.becomes(rest=Held("it writes `gen.py` itself", 'ignore = ["gen.py"]'))
    story.becomes(restarts=1)
    story.becomes(rest=Finished())
    assert story.told == [
        "blocked: `cargo` is missing; curl https://sh.rustup.rs -sSf | sh",
        'held: it writes `gen.py` itself; ignore = ["gen.py"]',
        "finished (ended with 0)",
    ]


def test_bug_a_service_had_finished_before_it_was_live(story: Story) -> None:
    """It ended between the switch and the receipt of its swap."""
    story.becomes(wanted=True, serving=ONE, verdict=Healthy(), rest=None)
    story.becomes(swap=InFlight("probe", 2.0))
    story.becomes(serving=TWO, verdict=Healthy())
    story.becomes(serving=None, verdict=Unknown(), rest=Finished())
    assert story.told == []
    story.becomes(swap=None)
    story.swapped(replace(SAVED, note="ended with 0"))
    assert story.told == [
        "live again: web/app.py saved, 84 ms, ended with 0 (receipt r1)",
        "finished (ended with 0)",
    ]


def test_the_end_of_an_old_version_is_told_while_a_new_one_is_in_the_making(story: Story) -> None:
    story.becomes(wanted=True, serving=ONE, verdict=Healthy(), rest=None)
    story.becomes(swap=InFlight("build", 2.0))
    story.becomes(serving=None, verdict=Unknown(), rest=Crashed(3, ("tail",), "starts again in 0.5 s"))
    assert story.told == ["crashed with 3, starts again in 0.5 s"]
