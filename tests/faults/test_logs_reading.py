"""Readers of logs while files rotate and readers stop or die; the writer is the real one."""

from __future__ import annotations

import re
import signal
import time
from pathlib import Path

import pytest
from logreaders import CAP, SEGMENT, Reader, flood, line, log_file, numbers
from logwriter import JobWriter
from waiting import until


@pytest.mark.parametrize("rotations", [20, pytest.param(200, marks=pytest.mark.soak)])
def test_a_follower_sees_each_line_once_over_rotations(tmp_path: Path, readers: list[Reader], rotations: int) -> None:
    log = log_file(tmp_path)
    readers.append(reader := Reader(tmp_path, follow=True))
    written = 0
    while log._segment <= rotations:
        written = flood(log, written, SEGMENT // 2)
        reader.until(b" %08d " % (written - 1))
    log.end(0)
    reader.until(line(written - 1))
    assert reader.end()[0] == 130
    assert numbers(reader.read) == list(range(written))
    assert b"skipped" not in reader.read
    kept = sum(path.stat().st_size for path in (tmp_path / "api").iterdir())
    assert kept <= CAP + SEGMENT + 5000


def test_a_stopped_reader_is_overtaken_and_told_so(tmp_path: Path, readers: list[Reader]) -> None:
    log = log_file(tmp_path)
    readers.append(reader := Reader(tmp_path, follow=True))
    written = flood(log, 0, 1000)
    reader.until(line(written - 1))
    reader.process.send_signal(signal.SIGSTOP)
    before = written
    written = flood(log, written, 30 * SEGMENT)  # the writer does not wait for anybody
    assert log.dropped == 0
    assert log.trouble is None
    reader.process.send_signal(signal.SIGCONT)
    reader.until(line(written - 1))
    log.end(0)
    assert reader.end()[0] == 130
    seen = numbers(reader.read)
    assert seen == sorted(set(seen))
    assert seen[: before + 1] == list(range(before + 1))
    assert seen[-1] == written - 1
    [skipped] = re.findall(rb"-- skipped (\d+) older log files", reader.read)
    assert int(skipped) > 15
    missing = written - len(seen)
    assert 0 < missing * len(line(0)) <= (int(skipped) + 1) * (SEGMENT + 5000)


def test_many_readers_see_the_same(tmp_path: Path, readers: list[Reader]) -> None:
    log = log_file(tmp_path)
    readers.extend(Reader(tmp_path, follow=True) for _ in range(6))
    written = 0
    for _ in range(6):
        written = flood(log, written, SEGMENT // 2)
        for reader in readers:
            reader.until(line(written - 1))
    readers[0].end(signal.SIGKILL)  # a reader that dies is nobody's matter
    written = flood(log, written, SEGMENT)
    log.end(0)
    for reader in readers[1:]:
        reader.until(line(written - 1))
        assert numbers(reader.read) == list(range(written))


def test_two_services_are_followed_side_by_side(tmp_path: Path, readers: list[Reader]) -> None:
    logs = {"api": log_file(tmp_path), "web": log_file(tmp_path, "web", "00000000000b")}
    readers.append(reader := Reader(tmp_path, follow=True))
    for number in range(300):
        for name, log in logs.items():
            log.write(1, b"%s %d\n" % (name.encode(), number), time.time())
        if number % 50 == 0:
            reader.until(b"web | web %d\n" % number)
    reader.until(b"web | web 299\n")
    for log in logs.values():
        log.end(0)
    for name in ("api", "web"):
        found = re.findall(rb"^%b \| %b (\d+)$" % (name.encode(), name.encode()), reader.read, re.MULTILINE)
        assert [int(number) for number in found] == list(range(300))


def test_an_idle_follower_costs_next_to_nothing(tmp_path: Path, readers: list[Reader]) -> None:
    for number in range(10):
        JobWriter(tmp_path, f"s{number}").write("x\n")
    readers.append(reader := Reader(tmp_path, follow=True))
    reader.until(b"s9 | x\n")
    stat = Path(f"/proc/{reader.process.pid}/stat")

    def spent() -> int:
        fields = stat.read_text().rsplit(")", 1)[1].split()
        return int(fields[11]) + int(fields[12])

    switches = Path(f"/proc/{reader.process.pid}/status")

    def waits() -> int:
        return int(re.findall(r"^voluntary_ctxt_switches:\s+(\d+)", switches.read_text(), re.MULTILINE)[0])

    begin, first = waits(), spent()
    until(lambda: waits() >= begin + 40, timeout=60)
    assert spent() - first <= 10  # hundredths of a second, for about ten seconds of waiting
