"""A question about logs and the blocks of lines that answer it (`asking.py` makes it from what a user wrote)."""

from __future__ import annotations

import math
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from hybrid_tasks.logs.events import EVENT
from hybrid_tasks.logs.follow import LONGEST, SHORTEST, Folders, Roles, Sources
from hybrid_tasks.logs.index import STREAM_NAMES
from hybrid_tasks.logs.latest import Latest
from hybrid_tasks.logs.lines import CUT, SEARCHED, cut_long
from hybrid_tasks.logs.merge import Block, Merge, Source, View
from hybrid_tasks.logs.probed import SPAN, Probed
from hybrid_tasks.logs.sieve import Sieve

ROUND = 4 << 20
"""Bytes shown of the busy services before the quiet ones are looked at again."""
SETTLED = 0.15
"""Seconds after which who follows is told an event: what a service printed before it may take so long to its log."""
HELD = 1.0
"""Seconds of silence after which a line without an end is shown to somebody who waits for it."""


@dataclass(frozen=True, slots=True)
class Query:
    """What is to be shown.

    Args:
        services: names; all when empty.
        since: epoch seconds before which nothing is shown; `until`: after which.
        tail: the last lines of each service only.
        follow: go on with what comes.
        level: rank of `levels.py` below which lines are left out.
        grep: what a line must contain.
        build: the output of every job; else of instances and of builds that failed.
        events: what happened to the services, told between their lines.
        probes: also the lines by which services answer our own health probes.
        timestamps: each line with its time.
        json: one object a line.
        raw: bytes as the service wrote them.
    """

    services: tuple[str, ...] = ()
    since: float | None = None
    until: float = math.inf
    tail: int | None = None
    follow: bool = False
    level: int | None = None
    grep: re.Pattern[str] | None = None
    build: bool = False
    events: bool = True
    probes: bool = False
    timestamps: bool = False
    json: bool = False
    raw: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """One line without its end; `time` in epoch seconds, `stream` is `stdout`, `stderr` or `dropped` (our note)."""

    service: str
    stream: str
    time: float
    text: bytes
    role: str
    run: str


def blocks(
    project_logs: Path,
    query: Query,
    idle: Callable[[float], bool] | None = None,
    *,
    partial: bool = False,
    probed: Probed | None = None,
    now: Callable[[], float] = time.time,
) -> Iterator[Block]:
    """The answer as blocks of lines, merged by time.

    Args:
        project_logs: `.hybrid/logs`.
        query: what is wanted.
        idle: called with seconds to wait when there is nothing new; returns True to end. Only for `follow`.
        partial: show the beginning of a line whose end does not come.
        probed: leaves out what answers our own probes.
        now: seconds since the epoch.

    Yields:
        blocks in the order of their first lines.
    """
    settling = _Settling(now)
    events = query.events and (query.json or not query.raw)
    view = replace(_view(query, probed), events=events, young=settling if query.follow else None)
    chosen = frozenset(query.services)
    roles = Roles(build=query.build, events=events)
    folders = Folders(project_logs, lambda name: not chosen or name in chosen, roles, now)
    sources = Sources(folders, view)
    merge = Merge(keep=query.follow)
    sieve = Sieve(query.level, query.grep, query.raw, probed)
    try:
        first = sources.look()
        for source in _at_tail(first, query, probed):
            merge.add(source)
        found = (block for read in merge.blocks() for block in sieve.through(read))
        yield from found if query.tail is None else _latest(found, query.tail)
        if query.follow:
            yield from _following(sources, merge, sieve, idle or _sleep, partial=partial)
            settling.over = True
            merge.wake()
            for block in merge.blocks():
                yield from sieve.through(block)
    finally:
        merge.close()


def records(
    project_logs: Path,
    query: Query,
    idle: Callable[[float], bool] | None = None,
    *,
    now: Callable[[], float] = time.time,
) -> Iterator[Line]:
    """The answer line by line, each with its own time, for readers that need that and have the time for it.

    Args:
        project_logs: `.hybrid/logs`.
        query: what is wanted.
        idle: as for `blocks`.
        now: seconds since the epoch.

    Yields:
        lines, merged by time.
    """
    fine = query if query.raw else replace(query, timestamps=True)
    for block in blocks(project_logs, fine, idle, now=now):
        yield from lines_of(block, cut=None if query.raw else CUT)


def lines_of(block: Block, cut: int | None = CUT) -> Iterator[Line]:
    """The lines of a block."""
    job, stream = block.job, STREAM_NAMES.get(block.stream, "stdout")
    data = cut_long(block.data, cut)
    for text in data.removesuffix(b"\n").split(b"\n"):
        yield Line(job.service, stream, block.time, text, job.role, job.run)


@dataclass(slots=True)
class _Settling:
    """Knows which events are too young to be shown yet.

    Args:
        now: seconds since the epoch.
        over: nothing more will come.
    """

    now: Callable[[], float]
    over: bool = False

    def __call__(self, time: float) -> bool:
        return not self.over and 0 <= self.now() - time < SETTLED  # one of the future: the clock was set back


def _view(query: Query, probed: Probed | None) -> View:
    cut = None if query.raw else CUT if query.grep is None else SEARCHED
    span = math.inf if probed is None else SPAN
    fine = query.timestamps or query.json
    return View(fine=fine, cut=cut, since=query.since, until=query.until, span=span)


def _at_tail(sources: list[Source], query: Query, probed: Probed | None) -> list[Source]:
    """Those that the last lines are in, read from there; with a sieve all lines must be looked at."""
    limited = query.since is not None or query.until < math.inf
    if query.tail is None or limited or query.level is not None or query.grep is not None:
        return sources
    have: dict[str, int] = {}
    oldest: dict[str, float] = {}
    kept = []
    for source in sorted(sources, key=lambda source: source.job.started, reverse=True):
        name = source.job.service
        if source.job.role == EVENT or (source.job.role == "build" and not query.raw):  # not all of its lines count
            kept.append(source)
            continue
        wanted = query.tail + (probed.most(name) if probed is not None else 0)
        enough = have.get(name, 0) >= wanted and source.job.touched < oldest.get(name, math.inf)
        if enough and source.job.exit() is not None:
            continue
        have[name] = have.get(name, 0) + source.start_at_tail(0 if enough else wanted)
        oldest[name] = source.job.started
        kept.append(source)
    return kept


def _latest(found: Iterator[Block], n: int) -> list[Block]:
    latest = Latest(n)
    for block in found:
        latest.add(block)
    return latest.blocks()


def _following(
    sources: Sources, merge: Merge, sieve: Sieve, idle: Callable[[float], bool], *, partial: bool
) -> Iterator[Block]:
    pause, quiet = SHORTEST, 0.0
    while True:
        merge.wake()
        for source in sources.look():
            merge.add(source)
        news = False
        for block in merge.blocks(ROUND):
            news = True
            yield from sieve.through(block)
        if news:
            pause, quiet = SHORTEST, 0.0
            continue
        if partial and quiet >= HELD:
            for block in merge.unfinished():
                yield from sieve.through(block)
        if idle(pause):
            return
        quiet += pause
        pause = min(LONGEST, pause * 1.5)


def _sleep(seconds: float) -> bool:
    time.sleep(seconds)
    return False
