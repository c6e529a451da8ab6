"""Jobs whose shims were killed: nobody is left that knows their trees, so they are found by marks and parenthood."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from hybrid_tasks.process.identity import ProcessIdentity, Stat, boot_id, environment_marks, everybody
from hybrid_tasks.process.stopping import KILL_PATIENCE, end_all, wait_gone

GRACE = 0.5  # seconds: the programs themselves are dead, what is left are their helpers
DYING = 1.0  # seconds a killed shim may take to hand its children over


@dataclass
class Lost:
    """A job without its shim.

    Args:
        run: the run id that its processes carry.
        shim: the killed shim.
        holders: the pids of those above it that orphans go to, whether they live or not: its template, and the
            shim of the warm parent that forked it.
        found: the pids found of it.
    """

    run: str
    shim: ProcessIdentity
    holders: frozenset[int]
    found: set[int] = field(default_factory=set)


class Searches:
    """Ends what lost jobs have left; jobs lost together are searched for together, as a search reads all of /proc.

    Args:
        ours: gives the pids of the shims that live, and of their programs.
    """

    def __init__(self, ours: Callable[[], set[int]]) -> None:
        self._ours = ours
        self._waiting: list[Lost] = []
        self._searching = asyncio.Lock()

    async def end(self, lost: Lost) -> None:
        """End everything that is left of a job.

        Args:
            lost: the job; its `found` is filled.
        """
        # Its socket closes before its children are handed over: looking earlier would miss some.
        await wait_gone(lost.shim, DYING)
        self._waiting.append(lost)
        async with self._searching:
            if lost in self._waiting:
                together, self._waiting = self._waiting, []
                await self._end_together(together)

    async def _end_together(self, lost: list[Lost]) -> None:
        grace = GRACE
        deadline = time.monotonic() + KILL_PATIENCE
        while time.monotonic() < deadline:
            living = await asyncio.to_thread(_search, lost, self._ours())
            if not living:
                return
            await end_all(living, grace)
            grace = 0  # whoever turns up now was started by somebody who is being killed


def _search(lost: list[Lost], ours: set[int]) -> list[ProcessIdentity]:
    by_run = {one.run: one for one in lost}
    processes = everybody()
    holders = frozenset().union(*(one.holders for one in lost))
    orphans = _with_descendants(_orphans(processes, holders), processes, ours)
    living = []
    for pid, stat in processes.items():
        if pid in ours:
            continue
        marks = environment_marks(pid)
        one = by_run.get(marks.run) if marks is not None else lost[0] if pid in orphans else None
        if one is not None:
            one.found.add(pid)
        if one is not None or pid in orphans:
            living.append(ProcessIdentity(boot_id(), pid, stat.ticks))
    return living


def _orphans(processes: dict[int, Stat], holders: frozenset[int]) -> set[int]:
    """What killed shims have left to those above them or, when these are dead, to us; the marks may be wiped from it.

    A template forks only shims, and they stay in its session; a program never does. Our own children
    share our session or lead their own.
    """
    us, session = os.getpid(), os.getsid(0)
    return {
        pid
        for pid, stat in processes.items()
        if (stat.parent in holders and stat.session not in holders)
        or (stat.parent == us and stat.session not in {session, pid} | holders)
    }


def _with_descendants(ancestors: set[int], processes: dict[int, Stat], ours: set[int]) -> set[int]:
    """Add all that is below, but nothing a living shim looks after: a dying warm parent is still above its forks."""
    found = ancestors - ours
    more = True
    while more:
        more = False
        for pid, stat in processes.items():
            if stat.parent in found and pid not in found | ours:
                found.add(pid)
                more = True
    return found
