"""Jobs merged into one stream of blocks, by time."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from heapq import heappop, heappush
from itertools import count
from typing import NamedTuple

from hybrid_tasks.logs.events import EVENT, line
from hybrid_tasks.logs.index import DROPPED, EXIT, STDOUT, Record
from hybrid_tasks.logs.lines import CUT, Joiner
from hybrid_tasks.logs.reader import JobReader
from hybrid_tasks.logs.segment import Piece
from hybrid_tasks.logs.store import JobLog
from hybrid_tasks.logs.units import clock, human

LOST = "ended, because its supervisor had died: `inv dev-start` restores what ran"
MOST_OPEN = 200
"""Jobs that nobody ended and that are still looked at (two descriptors each)."""


class Block(NamedTuple):
    """Complete lines of one stream of one job, each with its line end.

    `stream` is one of `index.py`; `DROPPED` marks a note of ours about lines that are missing. `time` is that of
    the first line, and of every line where the view is fine.
    """

    job: JobLog
    stream: int
    time: float
    data: bytes


@dataclass(frozen=True, slots=True)
class View:
    """How jobs are read.

    Args:
        fine: every line has its own time (slower).
        cut: bytes of a line that are kept, None for all.
        since: epoch seconds before which nothing is shown, None for the beginning.
        until: epoch seconds after which nothing is shown.
        span: seconds that a block may cover at most.
        events: what happened to a service is told.
        young: whether an event of that time waits for now: the lines before it may be on their way; None: none does.
    """

    fine: bool = False
    cut: int | None = CUT
    since: float | None = None
    until: float = math.inf
    span: float = math.inf
    events: bool = True
    young: Callable[[float], bool] | None = None


class Source:
    """One job on its way into the stream; opens its files when its first line is wanted."""

    def __init__(self, job: JobLog, view: View) -> None:
        self.job = job
        self._view = view
        self._reader = JobReader(job, fine=view.fine)
        self._joiner = Joiner(view.cut)
        self.entered = False
        self._tail: int | None = None
        self._past = False
        self._missing = 0
        self._last = job.started
        self._waits = view.young is not None and job.role == EVENT

    def start_at_tail(self, n: int) -> int:
        """Start about `n` lines before the end; gives how many lines there are from there."""
        self._tail = n
        try:
            return self._reader.seek_lines(n)[0]
        finally:
            self._reader.close()  # found again when its turn comes: hundreds of jobs may wait
            self._reader = JobReader(self.job, fine=self._view.fine)

    def peek(self) -> float | None:
        """The time of what comes next, None when there is nothing (yet) that the view shows."""
        if not self.entered:
            self._enter()
        time = None if self._past else self._reader.peek()
        if time is not None and time > self._view.until:
            self._past, time = True, None
        if time is not None and self._waits and self._view.young is not None and self._view.young(time):
            return None
        return time

    def _enter(self) -> None:
        self.entered = True
        if self._tail is not None:
            self._joiner.fragments = self._reader.seek_lines(self._tail)[1]
        elif self._view.since is not None:
            self._joiner.fragments = self._reader.seek_time(self._view.since)

    @property
    def over(self) -> bool:
        """Whether nothing can follow: the job has ended, or the rest lies behind the view."""
        return self._past or self._reader.exit is not None

    def take(self, limit: float) -> list[Block] | None:
        """The next blocks, up to a moment; None when bytes the index promises are not there yet."""
        begin = self._reader.peek() if self._view.span < math.inf or self._waits else None
        most = math.inf if begin is None else begin + (0 if self._waits else self._view.span)
        piece = self._reader.take(min(limit, self._view.until, most))
        return None if piece is None else self._blocks(piece)

    def finish(self) -> Iterator[Block]:
        """What is left, line ends or not; closes the files."""
        if not self._past:
            for piece in self._reader.drain():
                yield from self._blocks(piece)
        self._reader.close()
        yield from self.flush()

    def flush(self) -> Iterator[Block]:
        """The beginnings of lines that have no end yet."""
        for stream, time, data in self._joiner.flush():
            if data:
                yield Block(self.job, stream, time, data)

    def look_again(self, job: JobLog) -> None:
        """Take in new segments of the job."""
        self._reader.look_again(job)

    def close(self) -> None:
        """Close the files, whatever is left in them."""
        self._reader.close()

    def _blocks(self, piece: Piece) -> list[Block]:
        blocks = []
        if self._reader.missing > self._missing:
            gone = self._reader.missing - self._missing
            self._missing = self._reader.missing
            blocks.append(
                self._note(
                    piece.time,
                    f"skipped {gone} older log file{'s' * (gone > 1)}: the size cap removed what was not read in time",
                )
            )
        if piece.record is None:
            found = self._joiner.feed(piece.stream, piece.time, piece.data)
            blocks += [Block(self.job, piece.stream, time, data) for time, data in found]
        elif piece.stream == DROPPED:
            blocks.append(self._note(piece.time, self._dropped(piece.record)))
        elif piece.stream == EXIT and piece.record.length and self._view.events and self.job.role == "instance":
            told = line("lost", LOST, "error")  # by the shim alone: nobody else was left
            blocks.append(Block(replace(self.job, role=EVENT), STDOUT, piece.time, told))
        self._last = piece.time
        return blocks

    def _dropped(self, record: Record) -> str:
        lines = f"{record.length:,} line{'s' * (record.length != 1)}"
        times = f"{clock(self._last)}-{clock(record.time)}"
        return f"{lines} dropped ({human(record.offset)}), {times}, the disk took no more"

    def _note(self, time: float, text: str) -> Block:
        return Block(self.job, DROPPED, time, f"-- {text} --\n".encode())


class Merge:
    """Sources in the order of their next lines.

    Args:
        keep: a source without news is kept and looked at again (`-f`); else it is finished.
    """

    def __init__(self, *, keep: bool) -> None:
        self._keep = keep
        self._order = count()
        self._heap: list[tuple[float, int, Source]] = []
        self.parked: list[Source] = []

    def add(self, source: Source, time: float | None = None) -> None:
        """Let a source take part from its start, or from a known time, on."""
        heappush(self._heap, (source.job.started if time is None else time, next(self._order), source))

    def wake(self) -> None:
        """Look at the sources that had nothing new."""
        parked, self.parked = self.parked, []
        for source in parked:
            time = source.peek()
            if time is None:
                self.parked.append(source)
            else:
                self.add(source, time)

    def blocks(self, budget: float = math.inf) -> Iterator[Block]:
        """What is there now, in order, until about `budget` bytes are out."""
        heap = self._heap
        while heap and budget > 0:
            expected, _, source = heappop(heap)
            if not source.entered:  # so far only the time of its start is known
                time = source.peek()
                if time is None:
                    yield from self._settle(source)
                    continue
                if time > expected and heap and time > heap[0][0]:
                    self.add(source, time)
                    continue
            blocks = source.take(heap[0][0] if heap else math.inf)
            if blocks is None:
                yield from self._settle(source)
                continue
            for block in blocks:
                budget -= len(block.data)
                yield block
            time = source.peek()
            if time is None:
                yield from self._settle(source)
            else:
                self.add(source, time)

    def unfinished(self) -> Iterator[Block]:
        """The beginnings of lines that wait for their ends."""
        for source in self.parked:
            yield from source.flush()

    def close(self) -> None:
        """Close every file."""
        for source in [*self.parked, *(source for _, _, source in self._heap)]:
            source.close()

    def _settle(self, source: Source) -> Iterator[Block]:
        if source.over or not self._keep:
            yield from source.finish()
            return
        self.parked.append(source)
        if len(self.parked) > MOST_OPEN:
            oldest = min(self.parked, key=lambda parked: parked.job.touched)
            self.parked.remove(oldest)
            yield from oldest.finish()
