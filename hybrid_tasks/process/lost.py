"""A job whose shim was killed: nobody is left that knows its tree, so it is found by marks and by parenthood."""

from __future__ import annotations

import asyncio
import os
import time

from hybrid_tasks.process.identity import ProcessIdentity, carrying, descendants, everybody, identify
from hybrid_tasks.process.stopping import KILL_PATIENCE, end_all, wait_gone

GRACE = 0.5  # seconds: the program itself is dead, what is left are its helpers
DYING = 1.0  # seconds a killed shim may take to hand its children over


async def end_lost(run: str, shim: ProcessIdentity | None, template: int) -> set[int]:
    """End everything a killed shim has left.

    Args:
        run: the run id that its processes carry.
        shim: the shim itself.
        template: the pid of the template it was forked from, whether that lives or not.

    Returns:
        the pids that were found.
    """
    if shim is not None:
        # Its socket closes before its children are handed over: looking earlier would miss some.
        await wait_gone(shim, DYING)
    found: set[int] = set()
    grace = GRACE
    deadline = time.monotonic() + KILL_PATIENCE
    while time.monotonic() < deadline:
        living = await asyncio.to_thread(_left, run, template)
        if not living:
            break
        found |= {identity.pid for identity in living}
        await end_all(living, grace)
        grace = 0  # whoever turns up now was started by somebody who is being killed
    return found


def _left(run: str, template: int) -> set[ProcessIdentity]:
    orphans = _orphans(template)
    below = set().union(*(descendants(pid) for pid in orphans))
    strays = {identity for pid in orphans | below if (identity := identify(pid)) is not None}
    return strays.union(carrying(run))


def _orphans(template: int) -> set[int]:
    """What killed shims have left to the template or, when that is dead, to us; the marks may be wiped from it.

    The template forks only shims, and they stay in its session; a program never does. Our own children
    share our session or lead their own.
    """
    us, session = os.getpid(), os.getsid(0)
    return {
        pid
        for pid, stat in everybody().items()
        if (stat.parent == template and stat.session != template)
        or (stat.parent == us and stat.session not in {session, pid, template})
    }
