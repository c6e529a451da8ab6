"""What a driver makes of a change, seen from outside: by its processes, its output and its program's answers.

A driver does not tell us when it is done. Its program is new when a process that was started after the save answers
the probe, or, where there is no connection to see that by, when such a process has come up.
"""

from __future__ import annotations

import asyncio
import os
import re
import time
from collections.abc import Awaitable, Iterable
from dataclasses import dataclass
from pathlib import Path

from hybrid_tasks.engine.order import Driven
from hybrid_tasks.logs.excerpt import matters
from hybrid_tasks.logs.probed import without_answers
from hybrid_tasks.logs.since import Since
from hybrid_tasks.model.plan import Driver
from hybrid_tasks.model.verdict import Unhealthy, Verdict
from hybrid_tasks.model.watching import Burst
from hybrid_tasks.process.jobs import Job
from hybrid_tasks.supervisor.authorship import written_at
from hybrid_tasks.supervisor.berths import Berth
from hybrid_tasks.supervisor.ownership import Newer
from hybrid_tasks.supervisor.probing import Probing
from hybrid_tasks.supervisor.remarks import Remarks
from hybrid_tasks.supervisor.setting import Setting
from hybrid_tasks.supervisor.site import Site

LOOK = 0.1
"""Seconds between two looks."""
IDLE = 5.0
"""Seconds without a new process after which a driver has nothing to do; the slowest waits 2 s after a save."""
PATIENCE = 10
"""Looks at most until what a driver says of a failure is taken as complete."""
GONE = 2.0
"""Seconds without any new process, after there was one, until the program counts as ended."""


def ticks_of(files: Iterable[Path]) -> int:
    """Give the moment of the last of some saves, as the kernel counts the starts of processes.

    Args:
        files: what was saved; with none of them there (any more) it is now.
    """
    times = written_at(files)
    ago = max(0.0, time.time() - max(times)) if times else 0.0
    return int((time.clock_gettime(time.CLOCK_BOOTTIME) - ago) * os.sysconf("SC_CLK_TCK"))


@dataclass(frozen=True, slots=True)
class GaveUp(Unhealthy):
    """The driver itself said that it failed, and why."""


class Drivers:
    """The drivers of one service, one after the other.

    Args:
        site: has the bus, which hears once what people should know of each.
        remarks: on the service.
    """

    def __init__(self, site: Site, remarks: Remarks) -> None:
        self._site = site
        self._remarks = remarks
        self._driver: Driver | None = None
        self._introduced: set[str] = set()

    def introduce(self, service: str, driver: Driver | None) -> None:
        """Hear which driver the next instance is, None for none.

        Args:
            service: its name.
            driver: with what people should know of it.
        """
        self._driver = driver
        self._remarks.say("driver", f"driver {driver.name}: does not keep the last good version" if driver else None)
        if driver is not None and driver.remark and driver.name not in self._introduced:
            self._introduced.add(driver.name)
            self._site.bus.publish("note", service, {"text": f"{service}: {driver.remark}"})

    async def first(self, job: Job, answer: Awaitable[Verdict]) -> Verdict:
        """Wait for the first healthy answer of an instance, unless its driver says that there will be none.

        Args:
            job: the instance.
            answer: the first healthy answer, or why there was none.
        """
        return await (answer if self._driver is None else _first(self._driver, job, answer))

    async def follow(
        self, driven: Driven, burst: Burst, probing: Probing, berth: Berth, setting: Setting
    ) -> str | None:
        """See what a driver makes of a change.

        Args:
            driven: the driver.
            burst: what was saved.
            probing: asks its program.
            berth: where that listens.
            setting: what it was started with.

        Returns:
            None once its program answers anew, else why it does not.
        """
        if not hasattr(time, "CLOCK_BOOTTIME"):  # macOS: nobody can tell there which process an answer is from
            verdict = await probing.again(driven.job, berth, setting)
            return verdict.reason if isinstance(verdict, Unhealthy) else None
        newer = Newer(driven.job, await asyncio.to_thread(ticks_of, burst.files))
        debounce = setting.service.debounce
        idle = IDLE + (debounce.quiet if debounce is not None else 0.0)
        error = await _followed(driven, newer, probing.renewed(driven.job, berth, setting, newer), idle)
        await probing.doubt()
        return error


async def _first(driver: Driver, job: Job, answer: Awaitable[Verdict]) -> Verdict:
    printed = Since(job.log, whole=True)
    answering = asyncio.ensure_future(answer)
    try:
        while not answering.done():
            await asyncio.wait({answering}, timeout=LOOK)
            if not answering.done() and _failure(driver, printed.lines()):
                return GaveUp(f"{driver.name} could not bring it to life")
        return answering.result()
    finally:
        answering.cancel()
        await asyncio.wait({answering})


async def _followed(driven: Driven, newer: Newer, answer: Awaitable[Verdict], idle: float) -> str | None:
    name, loop = driven.driver.name, asyncio.get_running_loop()
    printed = Since(driven.job.log)
    begun, seen = loop.time(), None
    answering = asyncio.ensure_future(answer)
    try:
        while True:
            await asyncio.wait({answering}, timeout=LOOK)
            answered = answering.done()  # before the output is read: what it says comes before what it starts
            lines = printed.lines()
            if _failure(driven.driver, lines):
                return "\n".join(matters(await _to_the_end(printed)))
            if answered:
                verdict = answering.result()
                why = verdict.reason if isinstance(verdict, Unhealthy) else ""
                return (
                    "\n".join(
                        (
                            f"{name} runs, its program does not answer: {why}",
                            *matters(without_answers(driven.job.log, lines)),
                        )
                    )
                    if why
                    else None
                )
            seen = loop.time() if newer.pids() else seen
            if seen is None and loop.time() - begun >= idle:
                return f"{name} did nothing about it within {idle:g} s; `inv dev-restart` starts it anew"
            if seen is not None and loop.time() - seen >= GONE:
                return "\n".join((f"{name} runs, its program has ended", *matters(lines)))
    finally:
        answering.cancel()
        await asyncio.wait({answering})


async def _to_the_end(printed: Since) -> list[str]:
    """Give the output once it has paused: what went wrong may be told after the fact that something did."""
    before, lines, looks = [""], printed.lines(), 0
    while lines != before and looks < PATIENCE:
        await asyncio.sleep(LOOK)
        before, lines, looks = lines, printed.lines(), looks + 1
    return lines


def _failure(driver: Driver, lines: list[str]) -> bool:
    return bool(driver.failed) and any(re.search(driver.failed, line) for line in lines)
