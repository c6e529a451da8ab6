"""Whether a program is at work: seen in its processor time and state, and in those of what it started."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from waiting import until

from hybrid_tasks.process.activity import spent

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
