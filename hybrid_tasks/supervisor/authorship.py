"""Who may have written a watched file: when it was written, and whether what serves has written anything since."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from pathlib import Path

from hybrid_tasks.engine.mounts import type_of
from hybrid_tasks.process.activity import written

ACCOUNTED = frozenset({"ext2", "ext3", "ext4", "xfs", "btrfs", "f2fs"})
"""File systems whose pages are charged to the process that changes them (tmpfs does not, others not always)."""


def accounted(directory: Path) -> bool:
    """Whether the kernel counts what a process writes to a directory."""
    return type_of(str(directory)) in ACCOUNTED


def witness(pid: int) -> Callable[[], bool]:
    """Look at what a process has written until now, to tell later whether it, or what it started, wrote since.

    Args:
        pid: of what serves now.

    Returns:
        whether it may have written to files since then.
    """
    before = written(pid)
    return lambda: before is None or written(pid) != before


def written_at(files: Iterable[Path]) -> list[float]:
    """Give when files were last written, in seconds since the epoch; those that are gone are left out."""
    times = []
    for file in files:
        try:
            times.append(file.stat().st_ctime)
        except OSError:
            continue
    return times


def age(files: Iterable[Path]) -> float:
    """Give the seconds since the first of these files was written; 0 when none of them is there any more."""
    times = written_at(files)
    return max(0.0, time.time() - min(times)) if times else 0.0
