"""Which jobs of a folder of logs are shown, from when, and in which order."""

from __future__ import annotations

import os
import resource
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from logtexts import texts
from logwriter import EPOCH, JobWriter

from hybrid_tasks.logs.index import STDERR, STDOUT
from hybrid_tasks.logs.query import Line, Query, blocks, records


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
    assert texts(tmp_path, Query(since=EPOCH + 3, until=EPOCH + 5.5)) == ["3", "4", "5"]


def test_at_shows_every_job_of_that_time(tmp_path: Path) -> None:
    JobWriter(tmp_path, role="build", started=EPOCH).write("built\n").end(0)
    JobWriter(tmp_path, started=EPOCH + 1).write("up\n").end()
    assert texts(tmp_path, Query(since=EPOCH - 1, until=EPOCH + 5, build=True)) == ["built", "up"]


@pytest.mark.parametrize("rotated", [False, True])
def test_a_line_that_began_before_since_is_left_out_whole(tmp_path: Path, rotated: bool) -> None:
    job = JobWriter(tmp_path, step=1.0)
    job.write("whole\nbegin").err("err begin")
    if rotated:
        job.rotate()
    job.write(" end\nnext\n").err(" err end\nerr next\n").end()
    assert texts(tmp_path, Query(since=EPOCH + 1.5)) == ["next", "err next"]


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
