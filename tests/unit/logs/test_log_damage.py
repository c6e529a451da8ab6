"""What can be wrong with the files of a log, and that no line is lost by it."""

from __future__ import annotations

from pathlib import Path

import pytest
from logtexts import texts
from logwriter import EPOCH, JobWriter

from hybrid_tasks.logs.index import STDERR, STDOUT
from hybrid_tasks.logs.query import Line, Query, blocks


def test_bytes_without_a_record_are_shown_last(tmp_path: Path) -> None:
    job = JobWriter(tmp_path).write("indexed\n")
    job.write("written, then killed\n", indexed=False)
    assert texts(tmp_path) == ["indexed", "written, then killed"]


def test_bytes_without_a_record_are_shown_before_the_next_segment(tmp_path: Path) -> None:
    job = JobWriter(tmp_path).write("1\n").write("2\n", indexed=False)
    job.rotate()
    job.write("3\n").end()
    assert texts(tmp_path) == ["1", "2", "3"]


@pytest.mark.parametrize(
    "index",
    [
        None,
        b"",
        b"HYB",
        b"HYBLOG1\n",
        b"something else entirely, and long enough for a record",
        b"HYBLOG1\n" + b"\xff" * 21,
        b"HYBLOG1\n" + b"\xff" * 50,
    ],
)
def test_a_missing_or_damaged_index_costs_no_line(tmp_path: Path, index: bytes | None) -> None:
    job = JobWriter(tmp_path).write("a\nb\n")
    path = job.path.with_suffix(".idx")
    path.unlink()
    if index is not None:
        path.write_bytes(index)
    assert [line.text for block in [*blocks(tmp_path, Query())] for line in lines(block.data)] == [b"a", b"b"]
    assert texts(tmp_path, tail=1) == ["b"]


def lines(data: bytes) -> list[Line]:
    return [Line("", "", 0, text, "", "") for text in data.removesuffix(b"\n").split(b"\n")]


def test_an_index_that_promises_more_than_there_is(tmp_path: Path) -> None:
    job = JobWriter(tmp_path).write("a\n")
    job.note(2, 5000, STDOUT).note(1 << 63, 10, STDOUT).note(0, 3, STDERR)
    assert texts(tmp_path)[0] == "a"


def test_half_a_record_is_waited_for(tmp_path: Path) -> None:
    job = JobWriter(tmp_path).write("a\n").write("b\n")
    path = job.path.with_suffix(".idx")
    path.write_bytes(path.read_bytes()[:-5])
    assert texts(tmp_path) == ["a", "b"]


def test_removed_segments_are_told(tmp_path: Path) -> None:
    job = JobWriter(tmp_path)
    for number in range(4):
        job.write(f"{number}\n").rotate()
    job.end()
    for path in list((tmp_path / "api").glob("*.[12].*")):
        path.unlink()
    found = texts(tmp_path)
    assert found[0] == "0"
    assert found[1].startswith("-- skipped 2 older log files")
    assert found[2] == "3"


def test_nothing_at_all(tmp_path: Path) -> None:
    assert texts(tmp_path / "none") == []
    JobWriter(tmp_path)
    JobWriter(tmp_path).end()
    JobWriter(tmp_path).write("").end()
    assert texts(tmp_path) == []
    assert texts(tmp_path, tail=5) == []
    assert texts(tmp_path, Query(since=EPOCH)) == []


def test_the_end_of_a_running_flood_is_where_it_was_listed(tmp_path: Path) -> None:
    job = JobWriter(tmp_path).write("1\n")
    found = blocks(tmp_path, Query())
    read = next(found).data
    job.rotate()
    job.write("2\n")
    assert read + b"".join(block.data for block in found) == b"1\n"


def test_lines_from_a_clock_that_was_ahead_are_shown(tmp_path: Path) -> None:
    JobWriter(tmp_path).write("future\n", at=EPOCH + 1e9).write("now\n").end()
    assert texts(tmp_path) == ["future", "now"]
