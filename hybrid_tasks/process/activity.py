"""Whether a program and all that it has started are at work, or wait for something to do."""
# ruff: noqa: PTH208 -- path objects would double what a look costs

from __future__ import annotations

import os
from contextlib import suppress

from hybrid_tasks.process.procfs import read


def spent(pid: int) -> int | None:
    """The processor time that a process and its descendants have used so far.

    Args:
        pid: the process.

    Returns:
        nanoseconds, to compare with those of another look (processes that have ended are left out); None while
        one of them runs, waits for its turn or for a disk, and where there is no /proc.
    """
    total, pending, seen = 0, [pid], set()
    while pending:
        one = pending.pop()
        seen.add(one)
        state, text = read(one, "stat"), read(one, "schedstat")
        if state is None or text is None:
            if one == pid:
                return None
            continue
        if state[state.rindex(b")") + 2 :][:1] in {b"R", b"D"}:
            return None
        total += int(text.split()[0])
        pending.extend(child for child in _children(one) if child not in seen)
    return total


def written(pid: int) -> int | None:
    """The bytes of files that a process and its descendants have changed so far; sockets and pipes do not count.

    Args:
        pid: the process.

    Returns:
        bytes, in whole pages, with those of descendants that have ended and were waited for (proc_pid_io(5),
        `write_bytes`); None where that cannot be read.
    """
    total, pending, seen = 0, [pid], set()
    while pending:
        one = pending.pop()
        seen.add(one)
        text = read(one, "io")
        if text is None:
            if one == pid:
                return None
            continue
        total += int(text.partition(b"\nwrite_bytes: ")[2].split()[0])
        pending.extend(child for child in _children(one) if child not in seen)
    return total


def _children(pid: int) -> list[int]:
    found: list[int] = []
    with suppress(OSError):
        for thread in os.listdir(f"/proc/{pid}/task"):
            found.extend(map(int, (read(pid, f"task/{thread}/children") or b"").split()))
    return found
