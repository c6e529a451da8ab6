"""What is on disk, and the small readers other rooms use."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from logwriter import EPOCH, JobWriter

from hybrid_tasks.logs import store
from hybrid_tasks.logs.colours import PALETTE, colour_of, usable


def test_jobs_are_listed_in_order_with_their_segments(tmp_path: Path) -> None:
    late = JobWriter(tmp_path, started=EPOCH + 5).write("x\n").end(3)
    early = JobWriter(tmp_path, role="build", started=EPOCH + 0.25)
    early.write("1\n").rotate()
    early.write("2\n").rotate()
    early.end(-15)
    for _ in range(9):
        late.number += 1
    (tmp_path / "api" / "notes.log").write_text("not ours")
    (tmp_path / "api" / "20269999T000000-instance-00aa.log").write_text("no such day")
    found = store.jobs(tmp_path / "api")
    assert [(job.service, job.role, job.run, job.started) for job in found] == [
        ("api", "build", early.run, EPOCH + 0.25),
        ("api", "instance", late.run, EPOCH + 5),
    ]
    assert [store.number_of(path) for path in found[0].segments] == [0, 1, 2]
    assert [job.exit() for job in found] == [-15, 3]


def test_more_than_nine_segments_stay_in_order(tmp_path: Path) -> None:
    writer = JobWriter(tmp_path)
    for number in range(12):
        writer.write(f"{number}\n").rotate()
    writer.end()
    [job] = store.jobs(tmp_path / "api")
    assert [store.number_of(path) for path in job.segments] == list(range(13))
    assert store.last_lines(job.segments[0], 3) == ["9", "10", "11"]


def test_services_are_folders_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "api").mkdir()
    (tmp_path / ".hidden").mkdir()
    (tmp_path / "file").touch()
    (tmp_path / "link").symlink_to(tmp_path / "api")
    assert store.services(tmp_path) == ["api"]
    assert store.services(tmp_path / "none") == []
    assert store.jobs(tmp_path / "none") == []


def test_what_is_announced_can_be_read_by_anybody(tmp_path: Path) -> None:
    folder = tmp_path / "logs" / "api"
    for number in range(25):
        store.announce(folder, "api", "36", f"{number:012x}", "instance", float(number), folder / f"{number}.log")
    data = json.loads((folder / "current.json").read_text())
    assert (data["name"], data["colour"]) == ("api", "36")
    assert [job["started"] for job in data["jobs"]] == [float(n) for n in range(5, 25)]
    assert data["jobs"][-1] == {"run": f"{24:012x}", "role": "instance", "started": 24.0, "file": "24.log"}
    assert store.current(folder) == data
    assert [path.name for path in folder.iterdir()] == ["current.json"]
    assert (folder / "current.json").stat().st_mode & 0o777 == 0o600


def test_a_job_that_is_announced_twice_is_there_once(tmp_path: Path) -> None:
    for role in ("build", "instance"):
        store.announce(tmp_path, "api", "36", "0a", role, 1.0, "x.log")
    jobs = store.current(tmp_path)["jobs"]
    assert isinstance(jobs, list)
    assert [job["role"] for job in jobs] == ["instance"]


@pytest.mark.parametrize("damage", [b"", b"{", b"[]", b"null", b'{"jobs": 3}', b"\xff", b'{"jobs": [1, {"run": "x"}]}'])
def test_a_damaged_announcement_is_written_anew(tmp_path: Path, damage: bytes) -> None:
    (tmp_path / "current.json").write_bytes(damage)
    store.announce(tmp_path, "api", "36", "0a", "build", 1.0, "x.log")
    jobs = store.current(tmp_path)["jobs"]
    assert isinstance(jobs, list)
    assert jobs[-1]["run"] == "0a"


def test_announcing_does_not_write_through_a_planted_link(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("mine")
    folder = tmp_path / "api"
    folder.mkdir()
    (folder / "current.json").symlink_to(victim)
    (folder / f".current.json.{os.getpid()}").symlink_to(victim)
    store.announce(folder, "api", "36", "0a", "build", 1.0, "x.log")
    assert victim.read_text() == "mine"
    assert not (folder / "current.json").is_symlink()


def test_announcing_into_a_place_that_cannot_be_written_stops_nobody(tmp_path: Path) -> None:
    (tmp_path / "api").write_text("a file where the folder goes")
    store.announce(tmp_path / "api", "api", "36", "0a", "build", 1.0, "x.log")


@pytest.mark.parametrize(
    ("data", "lines"),
    [
        (b"", []),
        (b"a", ["a"]),
        (b"a\nb\nc\nd\n", ["b", "c", "d"]),
        (b"a\n\n\n\n", ["", "", ""]),
        (b"x\r\ny\r\n", ["x", "y"]),
        (b"\x1b[31mred\x1b[0m \x1b]0;t\x07x\n", ["red x"]),
        (b"\xff\xfe\n", ["\ufffd\ufffd"]),
        (b"x" * 100_000 + b"\nlast\n", ["x" * 8192 + "… (100 kB)", "last"]),
        (b"".join(b"%d\n" % n for n in range(100_000)), ["99997", "99998", "99999"]),
    ],
)
def test_last_lines(tmp_path: Path, data: bytes, lines: list[str]) -> None:
    writer = JobWriter(tmp_path).write(data)
    assert store.last_lines(writer.path, 3) == lines


def test_last_lines_reach_over_segments_and_survive_missing_files(tmp_path: Path) -> None:
    writer = JobWriter(tmp_path)
    first = writer.path
    writer.write("1\n2\n").rotate()
    writer.write("3\n")
    assert store.last_lines(first, 2) == ["2", "3"]
    assert store.last_lines(writer.path, 9) == ["1", "2", "3"]
    assert store.last_lines(tmp_path / "nothing.log", 3) == []
    assert store.last_lines(first, 0) == []
    assert store.excerpt(tmp_path / "nothing.log") == []


def test_the_excerpt_of_a_failed_build(tmp_path: Path) -> None:
    writer = JobWriter(tmp_path, role="build")
    writer.write(b"# shop/api\n\x1b[31m./x.go:3:5: undefined: y\x1b[0m\n").write("./z.go:1:1: no\n").end(1)
    assert store.excerpt(writer.path) == ["./x.go:3:5: undefined: y", "./z.go:1:1: no"]
    assert store.excerpt(writer.path, 1) == ["./x.go:3:5: undefined: y"]


def test_the_excerpt_of_a_flood_is_at_its_end(tmp_path: Path) -> None:
    writer = JobWriter(tmp_path)
    for _ in range(6):
        writer.write(b"an old story\n" * 50_000)
    writer.write("panic: boom\n").end(2)
    assert store.excerpt(writer.path, 5)[-1] == "panic: boom"


def test_every_service_has_a_colour_of_its_own() -> None:
    names = [f"service-{number}" for number in range(len(PALETTE))]
    colours = {name: colour_of(name, names) for name in names}
    assert len(set(colours.values())) == len(PALETTE)
    assert colours == {name: colour_of(name, reversed(names)) for name in names}
    assert colour_of("service-1") == colour_of("service-1", [])
    many = [f"s{number}" for number in range(100)]
    assert {colour_of(name, many) for name in many} == set(PALETTE)
    assert all(usable(colour) for colour in PALETTE)


@pytest.mark.parametrize("colour", [None, 3, "", "red", "31m\x1b]0;x\x07", "1" * 17])
def test_what_is_no_colour(colour: object) -> None:
    assert not usable(colour)


def test_bug_a_message_of_cargo_inside_an_error_s_first_line_hid_the_error(tmp_path: Path) -> None:
    log = tmp_path / "20260101T000000.000000-build-abcdefabcdef.log"
    log.write_text(
        '   Compiling sample\nerror{"reason":"build-finished","success":false}\n[E0425]: cannot find `x`\n'
        " --> src/main.rs:4:5\n  |\nerror: could not compile `sample`\n"
    )
    assert store.excerpt(log)[:2] == ["error[E0425]: cannot find `x`", " --> src/main.rs:4:5"]
