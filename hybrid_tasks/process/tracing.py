"""Whether a debugger has stopped a program."""

from __future__ import annotations

from collections.abc import Iterable

from hybrid_tasks.process.procfs import read

STOPPED = b"tT"
"""States of /proc/PID/stat (proc_pid_stat(5)): stopped by a tracer, stopped by a signal."""


def stopped(pids: Iterable[int]) -> bool:
    """Whether one of these processes is stopped, by a debugger or before one has come.

    Args:
        pids: processes of ours.
    """
    states = (read(pid, "stat") for pid in pids)
    return any(state is not None and state[state.rindex(b")") + 2] in STOPPED for state in states)
