"""What a job prints from some moment on."""

from __future__ import annotations

from pathlib import Path

from logwriter import JobWriter

from hybrid_tasks.logs.since import MOST, Since


def test_only_what_comes_later_is_given(tmp_path: Path) -> None:
    job = JobWriter(tmp_path).write("before\n")
    since, whole = Since(job.path), Since(job.path, whole=True)
    assert since.lines() == []
    job.write("one\nhalf")
    assert since.lines() == ["one", "half"]
    job.write(" a line\n\x1b[31mred\x1b[0m\n")
    assert since.lines() == ["one", "half a line", "red"]
    assert whole.lines() == ["before", "one", "half a line", "red"]


def test_later_segments_belong_to_it(tmp_path: Path) -> None:
    job = JobWriter(tmp_path).write("before\n")
    since = Since(job.path)
    job.write("one\n")
    job.rotate()
    job.write("two\n")
    assert since.lines() == ["one", "two"]


def test_of_a_flood_the_beginning_is_kept(tmp_path: Path) -> None:
    job = JobWriter(tmp_path)
    job.write("")
    since = Since(job.path)
    job.write("the cause\n" + "x" * 99 * 100 + "\n" * MOST)
    lines = since.lines()
    assert lines[0] == "the cause"
    assert len("\n".join(lines)) <= MOST
    assert since.lines() == lines


def test_a_log_that_is_not_there_is_silent(tmp_path: Path) -> None:
    assert Since(tmp_path / "20260101T000000-instance-abc.log").lines() == []
