"""Whether a program is at work: seen in its processor time and state, and in those of what it started."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from waiting import until

from hybrid_tasks.engine.mounts import type_of
from hybrid_tasks.process.activity import spent, written
from hybrid_tasks.supervisor.authorship import ACCOUNTED

pytestmark = pytest.mark.needs("linux")


@contextmanager
def program(*argv: str) -> Iterator[int]:
    process = subprocess.Popen(argv, start_new_session=True)
    try:
        yield process.pid
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def still(pid: int) -> bool:
    before = spent(pid)
    return before is not None and before == spent(pid)


def test_a_sleeping_program_is_still() -> None:
    with program("sleep", "1000") as pid:
        until(lambda: still(pid))
        assert isinstance(spent(pid), int)


def test_a_busy_program_is_not() -> None:
    with program("sh", "-c", "while :; do :; done") as pid:
        assert not any(still(pid) for _ in range(50))


def test_a_busy_grandchild_counts() -> None:
    with program("sh", "-c", "(sh -c 'while :; do :; done'; :) & wait") as pid:
        until(lambda: not still(pid))
        assert not any(still(pid) for _ in range(50))


def test_what_is_gone_is_not_still() -> None:
    process = subprocess.Popen(["true"])
    process.wait()
    assert spent(process.pid) is None


def test_what_a_process_wrote_to_files_counts_and_what_it_printed_does_not(tmp_path: Path) -> None:
    script = "yes | head -c 100000; read wait; head -c 100000 /dev/zero > file; echo done; read wait"
    with subprocess.Popen(
        ["sh", "-c", script], cwd=tmp_path, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0
    ) as program:
        assert program.stdin is not None
        assert program.stdout is not None
        read = 0
        while read < 100_000:
            read += len(program.stdout.read(1 << 16))
        before = written(program.pid) or 0  # that a program was read for the first time may be written down as well
        assert before < 50_000
        program.stdin.write(b"\n")
        assert program.stdout.read(5) == b"done\n"
        if type_of(str(tmp_path)) in ACCOUNTED:
            assert (written(program.pid) or 0) >= before + 100_000
        program.stdin.write(b"\n")
    assert written(program.pid) is None, "it is gone"
