"""What is left of a job without its shim, and what is not."""

from __future__ import annotations

from hybrid_tasks.process.identity import Stat
from hybrid_tasks.process.lost import _with_descendants

PARENT, LEFT, SHIM, PROGRAM, HELPER = 20, 21, 30, 31, 32


def test_bug_helpers_of_a_fork_were_ended_with_its_parent_that_was_still_dying() -> None:
    """A warm parent whose shim was killed is still above its forks until it is gone itself."""
    below = {PARENT: 1, LEFT: PARENT, SHIM: PARENT, PROGRAM: SHIM, HELPER: PROGRAM}
    processes = {pid: Stat("S", parent, pid, pid, 1) for pid, parent in below.items()}
    assert _with_descendants({PARENT}, processes, {SHIM, PROGRAM}) == {PARENT, LEFT}
