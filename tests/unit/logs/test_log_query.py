"""What is shown of a folder of logs, in which order."""

from __future__ import annotations

import os
import resource
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from logwriter import EPOCH, JobWriter

from hybrid_tasks.logs.asking import asked
from hybrid_tasks.logs.index import STDERR, STDOUT
from hybrid_tasks.logs.query import Line, Query, blocks, records


def texts(project_logs: Path, query: Query | None = None, **options: object) -> list[str]:
    wanted = asked(**options) if query is None else query  # type: ignore[arg-type]
    return [line.text.decode() for line in records(project_logs, wanted)]


def test_a_line_knows_where_it_comes_from(tmp_path: Path) -> None:
    job = JobWriter(tmp_path, step=1.0)
    job.write("out\n").err("err\n").end()
    assert list(records(tmp_path, Query())) == [
        Line("api", "stdout", EPOCH, b"out", "instance", job.run),
        Line("api", "stderr", EPOCH + 1, b"err", "instance", job.run),
    ]


def test_jobs_are_merged_by_time(tmp_path: Path) -> None:
    api, web = JobWriter(tmp_path, "api"), JobWriter(tmp_path, "web")
    for number in range(50):
        api.write(f"{2 * number}\n", at=EPOCH + 2 * number)
        web.write(f"{2 * number + 1}\n", at=EPOCH + 2 * number + 1)
    api.end()
    assert texts(tmp_path) == [str(number) for number in range(100)]
    coarse = [block.data for block in blocks(tmp_path, Query())]
    assert b"".join(coarse) == b"".join(b"%d\n" % number for number in range(100))


def test_a_line_that_comes_in_parts_has_the_time_of_its_beginning(tmp_path: Path) -> None:
    JobWriter(tmp_path, step=1.0).write("a").err("x\n").write("b\nc").write("d\n").end()
    assert [(line.time - EPOCH, line.text) for line in records(tmp_path, Query())] == [
        (1, b"x"),
        (0, b"ab"),
        (2, b"cd"),
    ]


def test_blocks_are_big_where_one_service_talks(tmp_path: Path) -> None:
    job = JobWriter(tmp_path)
    for number in range(2000):
        job.write(f"{number:09}\n")
    job.end()
    found = list(blocks(tmp_path, Query()))
    assert len(found) == 1
    assert b"".join(block.data for block in found).count(b"\n") == 2000


@pytest.mark.parametrize(
    ("role", "code", "shown"),
    [
        ("instance", 0, True),
        ("instance", 1, True),
        ("instance", None, True),
        ("follower", 0, True),
        ("build", 0, False),
        ("build", 1, True),
        ("build", None, False),
        ("build", -15, False),  # a newer save took its place
        ("build", -11, True),
        ("check", 1, True),
        ("step", 1, True),
        ("probe", 1, False),
        ("test", 1, False),
    ],
)
def test_which_jobs_are_shown(tmp_path: Path, role: str, code: int | None, shown: bool) -> None:
    job = JobWriter(tmp_path, role=role).write("x\n")
    if code is not None:
        job.end(code)
    assert texts(tmp_path) == (["x"] if shown else [])
    assert texts(tmp_path, build=True) == ["x"]


def test_only_the_named_services(tmp_path: Path) -> None:
    for name in ("api", "web", "db"):
        JobWriter(tmp_path, name).write(f"{name}\n").end()
    assert sorted(texts(tmp_path, services=("web", "db"))) == ["db", "web"]


def test_since_and_at(tmp_path: Path) -> None:
    old = JobWriter(tmp_path, started=EPOCH - 1000, step=1.0).write("old\n").end()
    os.utime(old.path, (EPOCH - 990, EPOCH - 990))
    job = JobWriter(tmp_path, step=1.0)
    for number in range(20):
        job.write(f"{number}\n")
    job.end()
    assert texts(tmp_path, Query(since=EPOCH + 17)) == ["17", "18", "19"]
    assert texts(tmp_path, Query(since=EPOCH + 17.5)) == ["18", "19"]
    assert texts(tmp_path, Query(since=EPOCH + 100)) == []
    assert texts(tmp_path, Query(since=EPOCH - 2000))[:2] == ["old", "0"]
    assert texts(tmp_path, Query(at=(EPOCH + 3, EPOCH + 5.5))) == ["3", "4", "5"]


def test_at_shows_every_job_of_that_time(tmp_path: Path) -> None:
    JobWriter(tmp_path, role="build", started=EPOCH).write("built\n").end(0)
    JobWriter(tmp_path, started=EPOCH + 1).write("up\n").end()
    assert texts(tmp_path, Query(at=(EPOCH - 1, EPOCH + 5))) == ["built", "up"]


@pytest.mark.parametrize("rotated", [False, True])
def test_a_line_that_began_before_since_is_left_out_whole(tmp_path: Path, rotated: bool) -> None:
    job = JobWriter(tmp_path, step=1.0)
    job.write("whole\nbegin").err("err begin")
    if rotated:
        job.rotate()
    job.write(" end\nnext\n").err(" err end\nerr next\n").end()
    assert texts(tmp_path, Query(since=EPOCH + 1.5)) == ["next", "err next"]


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


def test_dropped_lines_are_always_told(tmp_path: Path) -> None:
    JobWriter(tmp_path, step=6.0).write("x\n").dropped(12_000, 120).write("y\n").end()
    for options in ({}, {"grep": "zzz"}, {"level": "error"}):
        [note] = [line for line in texts(tmp_path, **options) if "dropped" in line]
        assert note.startswith("-- 120 lines dropped (12 kB), ")
    assert [line.stream for line in records(tmp_path, Query())] == ["stdout", "dropped", "stdout"]


# --- what can be wrong with the files


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


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["api", "web"]),
        st.sampled_from([STDOUT, STDERR]),
        st.sampled_from([b"", b"\n", b"a", b"b\n", b"c\nd", b"e\nf\n", b"\xc3", b"\x1b[3", b"1m\n", b"x" * 9000]),
        st.booleans(),
    ),
    max_size=25,
)


@settings(max_examples=150, deadline=None)
@given(STEPS)
def test_every_line_is_shown_once_and_in_the_order_of_its_stream(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, int, bytes, bool]]
) -> None:
    folder = tmp_path_factory.mktemp("logs")
    jobs = {name: JobWriter(folder, name) for name in ("api", "web")}
    for at, (name, stream, data, rotate) in enumerate(steps):
        jobs[name].write(data, stream, EPOCH + at)
        if rotate:
            jobs[name].rotate()
    for job in jobs.values():
        job.end()
    written: dict[tuple[str, int], bytes] = {}
    for name, stream, data, _ in steps:
        written[name, stream] = written.get((name, stream), b"") + data
    for query in (Query(raw=True), Query(raw=True, timestamps=True)):
        read: dict[tuple[str, int], bytes] = {}
        for block in blocks(folder, query):
            key = (block.job.service, block.stream)
            read[key] = read.get(key, b"") + block.data
        assert read == {key: data for key, data in written.items() if data}
    times = [line.time for line in records(folder, Query(raw=True)) if line.text.endswith(b"\n")]
    assert times == sorted(times)


# --- following: `idle` is called whenever nothing is new; here it plays the services


def followed(project_logs: Path, query: Query, *acts: Callable[[], object], partial: bool = False) -> list[str]:
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
        for block in blocks(project_logs, replace(query, follow=True), idle, partial=partial)
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


@pytest.mark.parametrize(
    "query", [Query(), Query(tail=1000), Query(tail=2), Query(since=EPOCH), Query(tail=2, follow=True)]
)
def test_hundreds_of_jobs_need_few_descriptors(tmp_path: Path, query: Query) -> None:
    for number in range(150):
        job = JobWriter(tmp_path, started=EPOCH + number).write(f"{number}\n").end()
        os.utime(job.path, (EPOCH + number, EPOCH + number))
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (len(list(Path("/proc/self/fd").iterdir())) + 20, before[1]))
    try:
        found = b"".join(block.data for block in blocks(tmp_path, query, lambda _: True)).split()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
    assert found == [b"%d" % number for number in range(150)][-(query.tail or 150) :]
