"""Following: `idle` is called whenever nothing is new; here it plays the services."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from logwriter import EPOCH, JobWriter

from hybrid_tasks.logs.events import EventLog
from hybrid_tasks.logs.index import STDOUT
from hybrid_tasks.logs.query import SETTLED, Query, blocks


@dataclass
class Clock:
    """A time that is set."""

    now: float

    def __call__(self) -> float:
        return self.now


def followed(
    project_logs: Path,
    query: Query,
    *acts: Callable[[], object],
    partial: bool = False,
    now: Callable[[], float] = time.time,
) -> list[str]:
    """Follow, doing the next act whenever there is nothing new; quiet for a while after each."""
    script = list(acts)
    quiet = 0

    def idle(_: float) -> bool:
        nonlocal quiet
        quiet += 1
        if quiet % 25:
            return False
        if not script:
            return True
        script.pop(0)()
        return False

    return [
        text
        for block in blocks(project_logs, replace(query, follow=True), idle, partial=partial, now=now)
        for text in block.data.decode().removesuffix("\n").split("\n")
    ]


def test_following_shows_what_was_and_what_comes(tmp_path: Path) -> None:
    job = JobWriter(tmp_path).write("1\n2\n")
    assert followed(tmp_path, Query(), lambda: job.write("3\n4"), lambda: job.write("!\n")) == ["1", "2", "3", "4!"]
    assert followed(tmp_path, Query(tail=1), lambda: job.write("5\n").end()) == ["4!", "5"]
    assert followed(tmp_path, Query(tail=0)) == []


def test_following_finds_new_jobs_services_and_segments(tmp_path: Path) -> None:
    root = tmp_path / "logs"
    job: JobWriter

    def start() -> None:
        nonlocal job
        job = JobWriter(root).write("1\n")

    def rotate() -> None:
        job.write("2 and")
        job.rotate()
        job.write(" more\n")

    acts = [
        start,
        rotate,
        lambda: JobWriter(root, "web", started=EPOCH + 5).write("3\n").end(),
        lambda: JobWriter(root, started=EPOCH + 6).write("4\n").end(),
        lambda: job.write("5\n").end(),
    ]
    assert followed(root, Query(), *acts) == ["1", "2 and more", "3", "4", "5"]
    assert followed(root, Query(services=("web",)), lambda: JobWriter(root, "web", started=EPOCH + 9).write("6\n")) == [
        "3",
        "6",
    ]


def test_following_shows_a_build_once_it_has_failed(tmp_path: Path) -> None:
    bad = JobWriter(tmp_path, role="build").write("bad\n")
    good = JobWriter(tmp_path, role="build").write("good\n")
    assert followed(tmp_path, Query(), lambda: good.end(0), lambda: bad.end(1)) == ["bad"]


def test_following_ends_a_line_when_its_job_ends(tmp_path: Path) -> None:
    job = JobWriter(tmp_path).write("no line end")
    assert followed(tmp_path, Query()) == []
    assert followed(tmp_path, Query(), lambda: job.end(1)) == ["no line end"]


def test_somebody_who_waits_sees_a_prompt(tmp_path: Path) -> None:
    job = JobWriter(tmp_path).write("password: ")
    assert followed(tmp_path, Query(), lambda: job.write("ok\n"), partial=True) == ["password: ", "ok"]


def test_bytes_that_reach_the_file_after_their_record_are_waited_for(tmp_path: Path) -> None:
    job = JobWriter(tmp_path).write("1\n")
    job.note(2, 4, STDOUT)
    assert followed(tmp_path, Query(), lambda: job.write("2\n3\n", indexed=False)) == ["1", "2", "3"]


def test_a_log_that_was_deleted_and_begun_again_is_followed(tmp_path: Path) -> None:
    job = JobWriter(tmp_path).write("1\n")
    path = job.path

    def again() -> None:
        for old in (path, path.with_suffix(".idx")):
            old.unlink()
        job.begin()
        job.write("2\n")

    assert followed(tmp_path, Query(), again) == ["1", "2"]


def test_an_idle_follower_hardly_looks_at_anything(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(5):
        job = JobWriter(tmp_path, f"s{number}").write("x\n")
        for path in (job.path, job.folder, tmp_path):
            os.utime(path, (EPOCH, EPOCH))
    listed = []
    scandir = os.scandir
    monkeypatch.setattr(os, "scandir", lambda path: listed.append(path) or scandir(path))  # type: ignore[func-returns-value]
    pauses: list[float] = []

    def idle(seconds: float) -> bool:
        pauses.append(seconds)
        return len(pauses) == 100

    assert len(list(blocks(tmp_path, Query(follow=True), idle))) == 5
    assert len(listed) <= 6  # the first look
    assert pauses[-1] == 0.25
    assert sum(pauses) > 20


def test_a_job_that_was_quiet_since_is_followed(tmp_path: Path) -> None:
    quiet = JobWriter(tmp_path).write("old\n")
    os.utime(quiet.path, (EPOCH, EPOCH))
    assert followed(tmp_path, Query(since=EPOCH + 10), lambda: quiet.write("new\n", at=EPOCH + 20)) == ["new"]


def test_bug_who_followed_was_told_that_a_service_is_live_before_what_it_had_printed(tmp_path: Path) -> None:
    """The shim of a fork looks at its output a while after the service has answered its probe."""
    clock = Clock(EPOCH + 1)
    events = EventLog(tmp_path / "api", clock)
    job = JobWriter(tmp_path)
    acts: list[Callable[[], object]] = [
        lambda: events.add("live", "live again"),
        lambda: job.write("started\n", at=EPOCH + 0.9),
        lambda: setattr(clock, "now", clock.now + SETTLED),
        lambda: events.add("failed", "save failed"),
    ]
    found = followed(tmp_path, Query(), *acts, now=clock)
    assert [line for line in found if not line.startswith("{")] == ["started"]
    assert [json.loads(line)["text"] for line in found if line.startswith("{")] == ["live again", "save failed"]
    assert found[0] == "started"


def test_an_event_of_the_future_is_told_at_once(tmp_path: Path) -> None:
    """The clock may be set back."""
    clock = Clock(EPOCH + 3600)
    events = EventLog(tmp_path / "api", clock)
    job = JobWriter(tmp_path)

    def set_back() -> None:
        events.add("live", "live again")
        clock.now = EPOCH

    found = followed(tmp_path, Query(), set_back, lambda: job.write("later\n", at=EPOCH + 7200), now=clock)
    assert found[-1] == "later"
