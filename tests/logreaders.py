"""Processes that read logs, and the real writer of numbered lines for them."""

from __future__ import annotations

import contextlib
import os
import re
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from hybrid_tasks.shim.logfile import LogFile

SEGMENT = 1 << 16  # the smallest segment the writer makes
CAP = 8 * SEGMENT
SHOW = """
import re, sys
from pathlib import Path
from hybrid_tasks.logs.query import Query
from hybrid_tasks.logs.show import show
options = eval(sys.argv[2])
with open(1, "wb", buffering=0, closefd=False) as out:
    code = show(Path(sys.argv[1]), Query(**options), out, out.isatty())
# Not ru_maxrss: that is inherited from the parent over exec.
status = Path("/proc/self/status").read_text()
print(int(re.search(r"VmHWM:\\s+(\\d+)", status)[1]) // 1024, file=sys.stderr)
sys.exit(code)
"""


class Reader:
    """A process that shows logs into a pipe of ours."""

    def __init__(self, project_logs: Path, **options: object) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", SHOW, str(project_logs), repr(options)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        assert self.process.stdout is not None
        self.out = self.process.stdout.fileno()
        self.read = b""

    def until(self, end: bytes, timeout: float = 60) -> None:
        """Read until this has come."""
        deadline = time.monotonic() + timeout
        begin = max(0, len(self.read) - len(end))
        while self.read.find(end, begin) < 0:
            ready, _, _ = select.select([self.out], [], [], max(0.0, deadline - time.monotonic()))
            assert ready, f"{end!r} did not come; the last lines are {self.read[-300:]!r}"
            data = os.read(self.out, 1 << 16)
            assert data, f"the reader ended early: {self.read[-300:]!r}"
            begin = max(0, len(self.read) - len(end))
            self.read += data

    def end(self, number: int = signal.SIGINT) -> tuple[int, bytes]:
        """Send a signal and give the exit code and what was said about it."""
        self.process.send_signal(number)
        _, err = self.process.communicate(timeout=60)
        return self.process.returncode, err


@pytest.fixture
def readers() -> Iterator[list[Reader]]:
    started: list[Reader] = []
    yield started
    for reader in started:
        reader.process.kill()
        with contextlib.suppress(ValueError):
            reader.process.communicate()


def log_file(project_logs: Path, service: str = "api", run: str = "00000000000a") -> LogFile:
    log = LogFile(os.fsencode(project_logs / service), f"20260131T120000.000000-instance-{run}".encode(), CAP)
    log.begin()
    return log


def line(number: int) -> bytes:
    return b"%08d %s\n" % (number, b"." * 60)


def numbers(read: bytes) -> list[int]:
    return [int(match) for match in re.findall(rb"^api \| (\d{8}) ", read, re.MULTILINE)]


def flood(log: LogFile, first: int, size: int) -> int:
    """Write about `size` bytes in reads that do not end at line ends; gives the next number."""
    data = b"".join(line(number) for number in range(first, first + size // len(line(0))))
    for at in range(0, len(data), 5000):
        log.write(1, data[at : at + 5000], time.time())
    return first + size // len(line(0))
