"""A process with all that runs below it, asked of the kernel child by child: cheap enough for every `dev-status`."""

from __future__ import annotations

import os

from hybrid_tasks.process.identity import descendants


def family(pid: int) -> list[int]:
    """Give a process and everything below it.

    Unlike `descendants` this does not look at every process of the machine, and may miss a child of a process
    that ends meanwhile.

    Args:
        pid: the main process.

    Returns:
        process ids, the main process first.
    """
    found = [pid]
    try:
        for member in found:
            found += _children(member)
    except FileNotFoundError:  # a kernel without these files, or another system
        return [pid, *descendants(pid)]
    return found


def _children(pid: int) -> list[int]:
    """The children of a process, which are listed by the thread that made them."""
    try:
        threads = os.listdir(f"/proc/{pid}/task")  # noqa: PTH208 - a Path for each is slow
    except (FileNotFoundError, ProcessLookupError, NotADirectoryError):
        if not os.path.exists("/proc/self/task"):  # noqa: PTH110
            raise FileNotFoundError from None
        return []  # it has ended
    found: list[int] = []
    for thread in threads:
        try:
            with open(f"/proc/{pid}/task/{thread}/children", "rb") as file:  # noqa: PTH123
                found += map(int, file.read().split())
        except (FileNotFoundError, ProcessLookupError):
            if os.path.exists(f"/proc/{pid}/task/{thread}"):  # noqa: PTH110 - the thread is there, its file is not
                raise
    return found
