"""Programs that a debugger or a signal has stopped."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys

import pytest
from waiting import until

from hybrid_tasks.process.tracing import stopped

pytestmark = pytest.mark.needs("linux")


def test_a_program_that_runs_is_not_stopped_and_one_that_is_gone_neither() -> None:
    with subprocess.Popen(["sleep", "1000"]) as program:
        assert not stopped([os.getpid(), program.pid])
        program.kill()
        program.wait()
        assert not stopped([program.pid])


def test_a_signal_stops_and_continues() -> None:
    with subprocess.Popen(["sleep", "1000"]) as program:
        program.send_signal(signal.SIGSTOP)
        until(lambda: stopped([os.getpid(), program.pid]))
        program.send_signal(signal.SIGCONT)
        until(lambda: not stopped([program.pid]))
        program.kill()


def test_a_tracer_stops() -> None:
    traced = "import ctypes, os; ctypes.CDLL(None).ptrace(0, 0, 0, 0); os.execvp('sleep', ['sleep', '1000'])"
    pid = os.spawnv(os.P_NOWAIT, sys.executable, [sys.executable, "-c", traced])
    try:
        os.waitpid(pid, 0)  # at its exec
        assert stopped([pid])
        ctypes.CDLL(None).ptrace(17, pid, 0, 0)
        until(lambda: not stopped([pid]))
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
