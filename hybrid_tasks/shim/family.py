"""Everything a shim's program has started, found and signalled without ever hitting a stranger.

A shim is a subreaper, so each of these processes is below it, whatever session or group it moved to.
"""

from __future__ import annotations

import os
import signal
from contextlib import suppress

from .frames import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection

_KERNEL_LISTS_CHILDREN = os.path.exists(f"/proc/self/task/{os.getpid()}/children")  # noqa: PTH110 -- no pathlib here


def below(pid: int, spared: Collection[int] = ()) -> list[tuple[int, int]]:
    """Every living or dead descendant with its parent, parents first.

    Args:
        pid: the ancestor.
        spared: pids that are left out with all that is below them.

    Returns:
        pairs of pid and parent's pid.
    """
    found: list[tuple[int, int]] = []
    queue = [pid]
    children = _children if _KERNEL_LISTS_CHILDREN else _scan().get
    for parent in queue:
        for child in children(parent) or ():
            if child not in spared:
                found.append((child, parent))
                queue.append(child)
    return found


def signal_all(number: int, *, spare_group: int | None = None, spared: Collection[int] = ()) -> set[int]:
    """Send a signal to every living descendant of this process, parents first.

    Args:
        number: the signal.
        spare_group: a process group that has had its signal already.
        spared: pids that are left alone with all that is below them.

    Returns:
        the pids that were signalled.
    """
    reached = set()
    us = os.getpid()
    for pid, parent in below(us, spared):
        with suppress(OSError):  # gone meanwhile, or of another user
            handle = os.pidfd_open(pid)
            try:
                # Looked at again with the process pinned: its number may have gone to a stranger since.
                state = stat(pid)
                if state is None or state[1] not in {parent, us} or state[0] in "ZX" or state[2] == spare_group:
                    continue
                signal.pidfd_send_signal(handle, number)
                if number not in {signal.SIGKILL, signal.SIGCONT}:
                    signal.pidfd_send_signal(handle, signal.SIGCONT)
                reached.add(pid)
            finally:
                os.close(handle)
    return reached


def stat(pid: int) -> tuple[str, int, int] | None:
    """The state letter, parent and process group of a process.

    Args:
        pid: any process.

    Returns:
        None when there is no such process.
    """
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:  # noqa: PTH123 -- pathlib costs a forked shim memory
            text = file.read()
    except OSError:
        return None
    # The name in parentheses may itself hold spaces and parentheses.
    state, parent, group = text[text.rindex(b")") + 2 :].split(None, 3)[:3]
    return state.decode(), int(parent), int(group)


def _children(pid: int) -> list[int]:
    found: list[int] = []
    try:
        threads = os.listdir(f"/proc/{pid}/task")  # noqa: PTH208 -- as above
    except OSError:
        return found
    for thread in threads:
        with suppress(OSError), open(f"/proc/{pid}/task/{thread}/children", "rb") as file:  # noqa: PTH123 -- as above
            found.extend(map(int, file.read().split()))
    return found


def _scan() -> dict[int, list[int]]:
    # Some kernels are built without the children files (CONFIG_PROC_CHILDREN).
    families: dict[int, list[int]] = {}
    for name in os.listdir("/proc"):  # noqa: PTH208 -- as above
        if name.isdigit() and (state := stat(int(name))) is not None:
            families.setdefault(state[1], []).append(int(name))
    return families
