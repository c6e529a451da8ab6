"""Which lines of the logs are shown: the last ones, those of a level, those that match."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from logtexts import texts
from logwriter import EPOCH, JobWriter

from hybrid_tasks.logs.index import STDERR, STDOUT
from hybrid_tasks.logs.query import Query, records


def test_tail_is_of_each_service_and_over_its_jobs(tmp_path: Path) -> None:
    for service in ("api", "web"):
        for number in range(3):
            job = JobWriter(tmp_path, service, started=EPOCH + 100 * number)
            job.write(f"{service} {number}a\n{service} {number}b\n").end()
            os.utime(job.path, (job.time, job.time))
    assert sorted(texts(tmp_path, tail=3)) == ["api 1b", "api 2a", "api 2b", "web 1b", "web 2a", "web 2b"]
    assert texts(tmp_path, tail=0) == []
    assert len(texts(tmp_path, tail=100)) == 12


@pytest.mark.parametrize("n", [1, 2, 63, 64, 65, 129, 500, 999, 1000, 2000])
def test_tail_in_a_long_log(tmp_path: Path, n: int) -> None:
    job = JobWriter(tmp_path)
    for number in range(1000):
        job.write(f"{number}\n", STDERR if number % 7 == 0 else STDOUT)
        if number in {400, 800, 995}:
            job.rotate()
    job.end()
    assert texts(tmp_path, tail=n) == [str(number) for number in range(max(0, 1000 - n), 1000)]


def test_tail_of_what_passes_the_sieve(tmp_path: Path) -> None:
    job = JobWriter(tmp_path)
    for number in range(100):
        job.write(f"{'ERROR' if number % 10 == 0 else 'INFO'} {number}\n")
    job.end()
    assert texts(tmp_path, tail=2, level="error") == ["ERROR 80", "ERROR 90"]
    assert texts(tmp_path, tail=2, grep="5$") == ["INFO 85", "INFO 95"]
    assert texts(tmp_path, tail=2, grep="error", ignore_case=True, level="warning") == ["ERROR 80", "ERROR 90"]


def test_grep_sees_the_text_without_escapes_and_keeps_them(tmp_path: Path) -> None:
    JobWriter(tmp_path).write(b"a\x1b[31mb\x1b[0mc\nabd\r\n").end()
    assert texts(tmp_path, grep="^abc$") == ["a\x1b[31mb\x1b[0mc"]
    assert texts(tmp_path, grep="d$") == ["abd\r"]


def test_grep_looks_beyond_what_is_shown_of_a_line(tmp_path: Path) -> None:
    JobWriter(tmp_path).write("x" * 100_000 + "needle\nother\n").end()
    [line] = texts(tmp_path, grep="needle")
    assert line == "x" * 8192 + "… (100 kB)"


def test_a_level_belongs_to_its_stream_and_its_traceback(tmp_path: Path) -> None:
    job = JobWriter(tmp_path)
    job.err("ERROR:root:x\nTraceback (most recent call last):\n").write("INFO between\n").err(
        '  File "x"\nKeyError: 1\n'
    )
    job.write("plain\n").end()
    assert texts(tmp_path, level="error") == [
        "ERROR:root:x",
        "Traceback (most recent call last):",
        '  File "x"',
        "KeyError: 1",
    ]


def test_what_a_failed_build_says_is_an_error(tmp_path: Path) -> None:
    JobWriter(tmp_path, role="build").write("./x.go:3:5: undefined: y\n").end(1)
    assert texts(tmp_path, level="error") == ["./x.go:3:5: undefined: y"]


def test_messages_that_cargo_writes_for_programs_were_shown(tmp_path: Path) -> None:
    job = JobWriter(tmp_path, role="build")
    job.write('   Compiling api\n{"reason":"compiler-artifact","x":1}\nerror: no\n{"reason":"build-finished"}\n').end(
        101
    )
    assert texts(tmp_path) == ["   Compiling api", "error: no"]
    assert texts(tmp_path, tail=1) == ["error: no"]
    assert len(texts(tmp_path, raw=True)) == 4


def test_a_services_own_json_is_shown(tmp_path: Path) -> None:
    JobWriter(tmp_path).write('{"reason":"mine"}\n').end()
    assert texts(tmp_path) == ['{"reason":"mine"}']


def test_dropped_lines_are_always_told(tmp_path: Path) -> None:
    JobWriter(tmp_path, step=6.0).write("x\n").dropped(12_000, 120).write("y\n").end()
    for options in ({}, {"grep": "zzz"}, {"level": "error"}):
        [note] = [line for line in texts(tmp_path, **options) if "dropped" in line]
        assert note.startswith("-- 120 lines dropped (12 kB), ")
    assert [line.stream for line in records(tmp_path, Query())] == ["stdout", "dropped", "stdout"]
