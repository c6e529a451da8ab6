"""Ending processes that are not, or no longer, under a shim: asked first, killed after a grace, pinned by pidfd."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import os
import signal
import sys
from collections.abc import Iterable

from hybrid_tasks.process.identity import ProcessIdentity, read_stat, same
from hybrid_tasks.process.procfs import own_children

PR_SET_CHILD_SUBREAPER = 36
KILL_PATIENCE = 5.0
"""Seconds after KILL when what still lives hangs in the kernel and is left to it."""


def become_subreaper() -> bool:
    """Become the parent of all descendants that lose theirs, so that none escapes to init.

    Returns:
        whether the system can do that (only Linux can).
    """
    if sys.platform != "linux":
        return False
    return bool(ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0)


async def end_all(identities: Iterable[ProcessIdentity], grace: float) -> int:
    """End processes: TERM, a grace, then KILL.

    Args:
        identities: processes; those that have ended since, or whose number went to another, are left alone.
        grace: seconds between TERM and KILL; 0 kills at once.

    Returns:
        how many were alive and were signalled.
    """
    with contextlib.ExitStack() as stack:
        handles = []
        for identity in set(identities):
            handle = pin(identity)
            if handle is not None:
                stack.callback(os.close, handle)
                handles.append(handle)
        if grace > 0:
            for handle in handles:
                _send(handle, signal.SIGTERM)
                _send(handle, signal.SIGCONT)
            living = await _ended(handles, grace)
        else:
            living = handles
        for handle in living:
            _send(handle, signal.SIGKILL)
        await _ended(living, KILL_PATIENCE)
        return len(handles)


def pin(identity: ProcessIdentity) -> int | None:
    """Open a pidfd of exactly this process.

    Args:
        identity: the process.

    Returns:
        a descriptor to close, or None when it does not run any more.
    """
    try:
        handle = os.pidfd_open(identity.pid)
    except OSError:
        return None
    if same(identity):  # compared after opening: from here on the number cannot change hands
        return handle
    os.close(handle)
    return None


async def wait_gone(identity: ProcessIdentity, seconds: float) -> bool:
    """Wait for a process to end.

    Args:
        identity: the process.
        seconds: how long to wait at most.

    Returns:
        whether it has ended.
    """
    handle = pin(identity)
    if handle is None:
        return True
    try:
        return not await _ended([handle], seconds)
    finally:
        os.close(handle)


def reap(known: Iterable[int]) -> set[int]:
    """Collect zombies that became our children because their own parent was killed.

    Children that we started ourselves are left to whoever waits for them: they share our session or lead
    their own, while most orphans of jobs belong to a session that somebody else has made.

    Args:
        known: pids that are certainly orphans, whatever their session.

    Returns:
        zombies that lead their own session, so that nobody can tell.
    """
    certain = set(known)
    unclear: set[int] = set()
    session = os.getsid(0)
    for pid in own_children():
        stat = read_stat(pid)
        if stat is None or stat.state != "Z" or (pid not in certain and stat.session == session):
            continue
        if pid not in certain and stat.session == pid:
            unclear.add(pid)
            continue
        with contextlib.suppress(ChildProcessError):
            os.waitpid(pid, os.WNOHANG)
    return unclear


async def _ended(handles: list[int], seconds: float) -> list[int]:
    """Wait until all of these have ended; the handles of those that have not are returned."""
    loop = asyncio.get_running_loop()
    living = set(handles)
    over = asyncio.Event()

    def gone(handle: int) -> None:
        loop.remove_reader(handle)
        living.discard(handle)
        if not living:
            over.set()

    for handle in handles:
        loop.add_reader(handle, gone, handle)
    if handles:
        try:
            await asyncio.wait_for(over.wait(), seconds)
        except TimeoutError:
            pass
        finally:
            for handle in living:
                loop.remove_reader(handle)
    return [handle for handle in handles if handle in living]


def _send(handle: int, number: int) -> None:
    with contextlib.suppress(OSError):
        signal.pidfd_send_signal(handle, number)
