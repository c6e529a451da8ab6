"""What happened to a service, between the lines it wrote itself."""

from __future__ import annotations

import io
import json
import os
from pathlib import Path

import pytest
from logwriter import EPOCH, JobWriter

from hybrid_tasks.errors import Code
from hybrid_tasks.logs.asking import asked
from hybrid_tasks.logs.events import EventLog
from hybrid_tasks.logs.show import show
from hybrid_tasks.logs.store import jobs


class Clock:
    """A time that is set."""

    def __init__(self) -> None:
        self.now = EPOCH + 2.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def told(tmp_path: Path, clock: Clock) -> EventLog:
    """A service that wrote three lines, a second apart, with an event behind the second."""
    JobWriter(tmp_path, step=1.0).write("one\n").write("two\n").write("three\n", at=EPOCH + 3).end()
    events = EventLog(tmp_path / "api", clock)
    events.add("live", "live again: a.py saved (receipt r1)", receipt="r1")
    return events


def shown(project_logs: Path, *, terminal: bool = False, **options: object) -> str:
    out = io.BytesIO()
    assert show(project_logs, asked(**options), out, terminal) == Code.DONE  # type: ignore[arg-type]
    return out.getvalue().decode()


def test_it_stands_where_it_happened_and_looks_like_nobody_else(tmp_path: Path, told: EventLog, clock: Clock) -> None:
    clock.now = EPOCH + 4
    told.add("crashed", "crashed with 3\x1b[2J", "error")
    event = "-- live again: a.py saved (receipt r1)"
    assert shown(tmp_path) == f"api | one\napi | two\napi | {event}\napi | three\napi | -- crashed with 3\n"
    on_terminal = shown(tmp_path, terminal=True)
    assert f"\x1b[2m{event}\x1b[0m\n" in on_terminal
    assert "\x1b[2;31m-- crashed with 3\x1b[0m\n" in on_terminal


def test_it_can_be_left_out_and_is_no_byte_of_the_service(tmp_path: Path, told: EventLog) -> None:
    assert shown(tmp_path, events=False) == "api | one\napi | two\napi | three\n"
    assert shown(tmp_path, raw=True) == "one\ntwo\nthree\n"


def test_programs_see_a_kind_of_its_own(tmp_path: Path, told: EventLog) -> None:
    lines = [json.loads(line) for line in shown(tmp_path, json=True).splitlines()]
    assert [line["stream"] for line in lines] == ["stdout", "stdout", "event", "stdout"]
    assert lines[2] == {
        "service": "api",
        "stream": "event",
        "time": EPOCH + 2.0,
        "role": "event",
        "run": jobs(tmp_path / "api")[1].run,
        "event": "live",
        "level": "info",
        "text": "live again: a.py saved (receipt r1)",
        "receipt": "r1",
    }


@pytest.mark.parametrize(
    ("options", "events"),
    [
        ({"level": "warning"}, ["bad"]),
        ({"level": "info"}, ["live again: a.py saved (receipt r1)", "bad"]),
        ({"grep": "a[.]py"}, ["live again: a.py saved (receipt r1)"]),
        ({"grep": '"event"'}, []),
        ({"since": str(EPOCH + 3)}, ["bad"]),
    ],
)
def test_it_is_chosen_like_any_line(
    tmp_path: Path, told: EventLog, clock: Clock, options: dict[str, str], events: list[str]
) -> None:
    clock.now = EPOCH + 5
    told.add("failed", "bad", "error")
    lines = shown(tmp_path, **options).splitlines()
    assert [line.partition("-- ")[2] for line in lines if "-- " in line] == events


@pytest.mark.parametrize("more", [{}, {"level": "info"}, {"json": True}])
@pytest.mark.parametrize(
    ("tail", "lines"), [(1, ["three"]), (2, ["-- e", "three"]), (9, ["-- d", "one", "two", "-- e", "three"])]
)
def test_bug_events_came_on_top_of_the_last_lines(
    tmp_path: Path, clock: Clock, tail: int, lines: list[str], more: dict[str, object]
) -> None:
    JobWriter(tmp_path, step=1.0).write("one\n").write("two\n").write("three\n", at=EPOCH + 3).end()
    events = EventLog(tmp_path / "api", clock)
    clock.now = EPOCH - 1
    events.add("live", "d")
    clock.now = EPOCH + 2
    events.add("live", "e")
    events.close()
    found = shown(tmp_path, tail=tail, **more).splitlines()
    if "json" in more:
        texts = [json.loads(line)["text"] for line in found]
        assert texts == [line.removeprefix("-- ") for line in lines]
    else:
        assert [line.partition("| ")[2] for line in found] == lines


def test_bug_a_service_with_nothing_but_events_had_no_last_lines(tmp_path: Path, clock: Clock) -> None:
    events = EventLog(tmp_path / "api", clock)
    for number in range(9):
        events.add("live", f"live again {number}")
    assert shown(tmp_path, tail=2) == "api | -- live again 7\napi | -- live again 8\n"


def test_a_file_that_is_full_or_removed_is_followed_by_another(tmp_path: Path, clock: Clock) -> None:
    events = EventLog(tmp_path / "api", clock, cap=200)
    for number in range(6):
        clock.now += 1
        events.add("live", f"number {number}")
    written = jobs(tmp_path / "api")
    assert 1 < len(written) < 6
    assert [job.exit() for job in written] == [*[0] * (len(written) - 1), None]
    assert shown(tmp_path).count("number") == 6
    for file in (tmp_path / "api").iterdir():
        file.unlink()
    events.add("live", "after dev-clean")
    assert "after dev-clean" in shown(tmp_path)


def test_what_is_damaged_is_passed_over(tmp_path: Path) -> None:
    JobWriter(tmp_path, role="event").write('not json\n[1]\n{"text": "good"}\n').write("{\n").end()
    assert shown(tmp_path) == "api | -- good\n"
    assert [json.loads(line)["text"] for line in shown(tmp_path, json=True).splitlines()] == ["good"]


def test_a_folder_that_cannot_be_written_harms_nobody(tmp_path: Path) -> None:
    (tmp_path / "api").write_text("a file where the folder should be")
    events = EventLog(tmp_path / "api")
    events.add("live", "lost")
    events.close()
    assert os.listdir(tmp_path) == ["api"]  # noqa: PTH208 - names
