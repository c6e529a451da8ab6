"""Lines of fifty megabytes, ended or not, are shown and followed in little memory."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from logreaders import Reader
from logwriter import JobWriter

from hybrid_tasks.shim.logfile import LogFile


@pytest.mark.parametrize("mode", [{}, {"json": True}, {"raw": True}, {"timestamps": True}, {"tail": 5}, {"level": 30}])
def test_a_line_of_fifty_megabytes_is_shown_in_little_memory(
    tmp_path: Path, readers: list[Reader], mode: dict[str, object]
) -> None:
    job = JobWriter(tmp_path)
    for _ in range(50):
        job.write(b"x" * 1_000_000)
    job.write(b"\nERROR next\n").end()

    def peak(project_logs: Path) -> tuple[int, int, bytes]:
        readers.append(reader := Reader(project_logs, **mode))
        size, tail = 0, b""
        while data := os.read(reader.out, 1 << 16):
            size, tail = size + len(data), (tail + data)[-200:]
        _, err = reader.process.communicate(timeout=60)
        assert reader.process.returncode == 0, err
        return int(err), size, tail

    JobWriter(tmp_path / "small").write("ERROR next\n").end()
    small = peak(tmp_path / "small")[0]
    big, size, tail = peak(tmp_path)
    assert big - small < 24  # MB
    assert b"ERROR next" in tail
    if mode.get("raw"):
        assert size == job.offset
    else:
        assert size < 20_000
        assert "level" in mode or "tail" in mode or b"(50 MB)" in tail


def test_fifty_megabytes_that_never_end_do_not_grow_a_follower(tmp_path: Path, readers: list[Reader]) -> None:
    log = LogFile(os.fsencode(tmp_path / "api"), b"20260131T120000.000000-instance-00000000000a", 1 << 30)
    readers.append(reader := Reader(tmp_path, follow=True))
    log.write(1, b"begin\n", time.time())
    reader.until(b"begin\n")
    for _ in range(800):
        log.write(1, b"x" * 65536, time.time())
    log.write(2, b"err\n", time.time())
    reader.until(b"err\n")
    log.write(1, b"\nend\n", time.time())
    reader.until(b"end\n")
    log.end(0)
    code, err = reader.end()
    assert code == 130
    assert "… (52.4 MB)\n".encode() in reader.read
    assert int(err) < 40  # MB
