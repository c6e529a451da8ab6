"""The log of a job on disk: bytes, index, segments, cap, and what happens when the disk takes nothing."""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
import time
from pathlib import Path

import pytest

from hybrid_tasks.shim import logfile
from hybrid_tasks.shim.logfile import DROPPED, EXIT, MAGIC, RECORD, LogFile
from hybrid_tasks.shim.rotation import prune, segment_limit

CAP = 1 << 30
NOW = 1_760_000_000.0


def log(directory: Path, cap: int = CAP, ring: int = 1 << 16) -> LogFile:
    return LogFile(os.fsencode(directory), b"job", cap, ring)


def records(index: Path) -> list[tuple[int, int, float, int]]:
    data = index.read_bytes()
    assert data.startswith(MAGIC)
    assert (len(data) - len(MAGIC)) % RECORD.size == 0
    return list(RECORD.iter_unpack(data[len(MAGIC) :]))


class Disk:
    """The real disk, until it is full: then writes take `room` more bytes and fail."""

    def __init__(self) -> None:
        self.room: int | None = None
        self._write = os.write

    def write(self, descriptor: int, data: bytes | memoryview) -> int:
        if self.room is None:
            return self._write(descriptor, data)
        if self.room == 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        count = self._write(descriptor, data[: self.room])
        self.room -= count
        return count


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    one = Disk()
    monkeypatch.setattr(logfile.os, "write", one.write)
    return one


def test_bytes_and_index_agree(tmp_path: Path) -> None:
    before = time.time()
    one = log(tmp_path / "made" / "here")
    one.begin()
    one.write(1, b"out\xff\0", NOW)
    one.write(2, memoryview(b"err\n"), NOW)
    one.write(1, b"no end", NOW)
    one.end(-9)
    directory = tmp_path / "made" / "here"
    assert (directory / "job.log").read_bytes() == b"out\xff\0err\nno end"
    found = records(directory / "job.idx")
    assert [(offset, length, stream) for offset, length, _, stream in found] == [
        (0, 5, 1),
        (5, 4, 2),
        (9, 6, 1),
        (-9 & 0xFFFFFFFF, 0, EXIT),
    ]
    assert [at for _, _, at, _ in found[:-1]] == [NOW] * 3
    assert before <= found[-1][2] <= time.time()
    assert (directory / "job.log").stat().st_mode & 0o777 == 0o600


def test_segments_follow_each_other_and_lose_nothing(tmp_path: Path) -> None:
    one = log(tmp_path)
    one._limit = 100
    written = [b"%03d" % number * 10 for number in range(50)]
    for part in written:
        one.write(1, part, NOW)
    one.end(0)
    names = ["job.log", *(f"job.{number}.log" for number in range(1, len(list(tmp_path.glob("*.log")))))]
    assert b"".join((tmp_path / name).read_bytes() for name in names) == b"".join(written)
    assert len(names) == 13
    for name in names:
        path = tmp_path / name
        parts = [record for record in records(path.with_suffix(".idx")) if record[3] == 1]
        assert sum(length for _, length, _, _ in parts) == path.stat().st_size
    assert records(tmp_path / "job.12.idx")[-1][3] == EXIT


def test_segments_are_an_eighth_of_the_cap_within_reason() -> None:
    assert [segment_limit(cap) for cap in (1, 8 << 20, 1 << 40)] == [1 << 16, 1 << 20, 32 << 20]


def test_a_full_disk_keeps_the_newest_and_counts_the_rest(tmp_path: Path, disk: Disk) -> None:
    one = log(tmp_path)
    one.write(1, b"before\n", NOW)
    disk.room = 3
    one.write(1, b"torn line\n", NOW)
    assert one.trouble == "No space left on device"
    assert one.retry_at is not None
    lines = [b"line %04d\n" % number for number in range(1000)]
    for line in lines:
        one.write(1, line, NOW)
    one.write_backlog()
    assert one.trouble is not None
    disk.room = None
    one.write_backlog()
    assert one.trouble is None
    assert one.retry_at is None
    one.write(2, b"after\n", NOW)
    one.end(0)
    found = records(tmp_path / "job.idx")
    (dropped,) = [record for record in found if record[3] == DROPPED]
    content = (tmp_path / "job.log").read_bytes()
    kept = content[len(b"before\ntor") : -len(b"after\n")]
    assert content == b"before\ntor" + kept + b"after\n"
    assert b"".join(lines).endswith(kept)
    assert len(kept) > 0
    everything = len(b"before\ntorn line\nafter\n") + sum(map(len, lines))
    assert dropped[0] == everything - len(content)
    assert dropped[1] == 1 + 1000 - kept.count(b"\n")
    assert one.dropped == dropped[1]
    at = found.index(dropped)
    assert found[at - 1][:2] == (7, 3)
    assert [stream for *_, stream in found[at + 1 :]] == [1] * (len(found) - at - 3) + [2, EXIT]


@pytest.mark.parametrize("room", range(0, 60, 7))
def test_wherever_the_disk_fills_up_the_index_stays_whole(room: int, tmp_path: Path, disk: Disk) -> None:
    one = log(tmp_path)
    one.write(1, b"first\n", NOW)
    disk.room = room
    for _ in range(3):
        one.write(1, b"0123456789\n", NOW)
        one.write_backlog()
    disk.room = None
    one.write_backlog()
    one.end(3)
    assert (tmp_path / "job.log").read_bytes() == b"first\n" + b"0123456789\n" * 3
    position = 0
    for offset, length, _, stream in records(tmp_path / "job.idx")[:-1]:
        assert (offset, stream) == (position, 1)
        position += length
    assert position == (tmp_path / "job.log").stat().st_size


def test_the_ring_is_bounded_whatever_the_pieces(tmp_path: Path, disk: Disk) -> None:
    one = log(tmp_path, ring=10_000)
    one.begin()
    disk.room = 0
    for size in (1, 100, 5000, 9000, 20_000):
        for _ in range(50):
            one.write(1, b"x" * size, NOW)
            assert one._backlog._size <= 10_000
    assert one._backlog.dropped_bytes > 0


def test_a_disk_that_stays_full_is_told_at_the_end(tmp_path: Path, disk: Disk) -> None:
    one = log(tmp_path)
    one.begin()
    disk.room = 0
    one.write(1, b"a\nb\nc", NOW)
    one.end(0)
    assert one.dropped == 2


def test_a_job_that_says_nothing_has_a_log_when_its_moment_has_come(tmp_path: Path) -> None:
    one = log(tmp_path)
    one.begin()
    assert not list(tmp_path.iterdir()), "many others may be starting now"
    assert one.retry_at is not None
    one.write_backlog()
    assert sorted(file.name for file in tmp_path.iterdir()) == ["job.idx", "job.log"]
    assert (one.retry_at, one.trouble) == (None, None)
    one.end(0)


def test_no_directory_to_write_to_is_no_reason_to_fail(tmp_path: Path) -> None:
    (tmp_path / "in the way").write_text("")
    one = log(tmp_path / "in the way")
    one.begin()
    one.write_backlog()
    assert one.trouble
    one.write(1, b"kept\n", NOW)
    (tmp_path / "in the way").unlink()
    one.write_backlog()
    assert one.trouble is None
    one.end(0)
    assert (tmp_path / "in the way" / "job.log").read_bytes() == b"kept\n"


def test_a_planted_symlink_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "logs").mkdir()
    (tmp_path / "precious").write_text("mine")
    (tmp_path / "logs" / "job.log").symlink_to(tmp_path / "precious")
    one = log(tmp_path / "logs")
    one.write(1, b"overwritten", NOW)
    one.end(0)
    assert (tmp_path / "precious").read_text() == "mine"


def test_deleted_logs_come_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logfile, "LOOK_AGAIN", 0.0)
    one = log(tmp_path / "logs")
    one.write(1, b"gone\n", NOW)
    shutil.rmtree(tmp_path / "logs")
    one.write(1, b"here\n", NOW)
    one.end(0)
    assert (tmp_path / "logs" / "job.log").read_bytes() == b"here\n"
    assert [record[:2] for record in records(tmp_path / "logs" / "job.idx")] == [(0, 5), (0, 0)]


def old(directory: Path, name: str, size: int, age: float) -> Path:
    path = directory / f"{name}.log"
    path.write_bytes(b"x" * size)
    path.with_suffix(".idx").write_bytes(MAGIC)
    os.utime(path, (time.time() - age, time.time() - age))
    return path


def test_the_oldest_segments_go_and_those_in_use_stay(tmp_path: Path) -> None:
    quiet = old(tmp_path, "quiet", 1000, age=9000)
    ancient = old(tmp_path, "ancient", 1000, age=8000)
    recent = old(tmp_path, "recent", 1000, age=10)
    other = tmp_path / "current.json"
    other.write_text("{}")
    with quiet.open("rb") as used:
        fcntl.flock(used, fcntl.LOCK_SH)
        prune(os.fsencode(tmp_path), 1500)
        assert [path.exists() for path in (quiet, ancient, recent, other)] == [True, False, True, True]
        assert not ancient.with_suffix(".idx").exists()
    prune(os.fsencode(tmp_path), 0)
    assert [path.name for path in tmp_path.iterdir()] == ["current.json"]


def test_a_flood_stays_below_the_cap(tmp_path: Path) -> None:
    cap = 1 << 20
    one = log(tmp_path, cap=cap)
    for _ in range(200):
        one.write(1, b"x" * (1 << 15), NOW)
        assert sum(path.stat().st_size for path in tmp_path.iterdir()) <= cap
    one.end(0)
    assert (tmp_path / "job.49.log").exists() != (tmp_path / "job.log").exists()


def test_too_many_small_jobs_are_thinned_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hybrid_tasks.shim.rotation.MOST_SEGMENTS", 3)
    for number in range(6):
        old(tmp_path, f"job{number}", 10, age=100 - number)
    prune(os.fsencode(tmp_path), 1 << 20)
    assert sorted(path.name for path in tmp_path.glob("*.log")) == ["job3.log", "job4.log", "job5.log"]
