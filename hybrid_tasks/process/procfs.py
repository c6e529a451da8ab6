"""Reading /proc quickly: a scan opens a file for every process of the machine."""
# ruff: noqa: PTH115, PTH123, PTH208 -- path objects would double what a scan costs

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress


def pids() -> list[int]:
    """The numbers of all processes but this one; empty where there is no /proc."""
    us = os.getpid()
    try:
        return [int(name) for name in os.listdir("/proc") if name.isdigit() and int(name) != us]
    except OSError:
        return []


def read(pid: int, name: str) -> bytes | None:
    """A file of a process.

    Args:
        pid: any process.
        name: the file, as `stat` or `environ`.

    Returns:
        None when the process has ended or is not ours to look at.
    """
    try:
        with open(f"/proc/{pid}/{name}", "rb") as file:
            return file.read()
    except OSError:
        return None


def own_children() -> list[int]:
    """The pids of our own children, zombies and adopted ones included."""
    found: list[int] = []
    with suppress(OSError):
        for thread in os.listdir("/proc/self/task"):
            found.extend(map(int, (read(os.getpid(), f"task/{thread}/children") or b"").split()))
    return found


def open_files(pid: int) -> Iterator[str]:
    """What the descriptors of a process point to, as `socket:[4711]`; what was opened last usually comes first.

    Args:
        pid: a process of ours.
    """
    with suppress(OSError):
        for descriptor in reversed(os.listdir(f"/proc/{pid}/fd")):
            with suppress(OSError):
                yield os.readlink(f"/proc/{pid}/fd/{descriptor}")
