"""All segments of one job, read as one log."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator
from pathlib import Path

from hybrid_tasks.logs.index import STDERR, STDOUT, exit_code
from hybrid_tasks.logs.segment import Piece, Segment
from hybrid_tasks.logs.store import JobLog, number_of

PATIENCE = 40
"""Looks at a record whose bytes are not in the file before they count as lost."""


class JobReader:
    """Reads one job's segments in order; holds two descriptors while it is open.

    Args:
        job: the job and the segments that exist.
        fine: every piece has its exact time.
    """

    def __init__(self, job: JobLog, *, fine: bool) -> None:
        self._fine = fine
        self._waiting = list(job.segments)
        self._path: Path | None = None
        self._segment: Segment | None = None
        self._unread = 0  # looks at bytes that were promised by the index
        self._dead_index = False
        self.missing = 0  # segments removed by the size cap before they were read
        self.exit: int | None = None

    def close(self) -> None:
        """Close what is open."""
        if self._segment is not None:
            self._segment.close()
            self._segment = None

    def seek_time(self, since: float) -> set[int]:
        """Start at a moment; gives the streams that are entered in the middle of a line."""
        job_paths = list(self._waiting)
        while self._enter() and self._segment is not None and self._waiting and self._segment.last_time() < since:
            self.close()
        if self._segment is None:
            return set()
        self._segment.seek_time(since)
        return self._fragments(job_paths)

    def seek_lines(self, n: int) -> tuple[int, set[int]]:
        """Start at least `n` lines before the end; gives how many there are and the fragments as `seek_time`."""
        paths, found = self._waiting, 0
        for at in range(len(paths) - 1, -1, -1):
            self.close()
            with contextlib.suppress(OSError):
                self._segment, self._path = Segment(paths[at]), paths[at]
                self._waiting = paths[at + 1 :]
                found += self._segment.seek_lines(n - found)
            if found > n:
                break
        return found, self._fragments(paths) if found > n else set()

    def peek(self) -> float | None:
        """The time of what comes next, None when there is nothing (yet)."""
        while self._segment is not None or self._enter():
            segment = self._segment
            assert segment is not None  # noqa: S101 - _enter said so
            if not self._dead_index and (time := segment.peek()) is not None:
                return time
            if not self._waiting:
                return None
            # A newer segment exists, so nobody writes this one any more; its last record may have come just now.
            if not self._dead_index and (time := segment.peek()) is not None:
                return time
            if segment.has_rest():
                return segment.last[1]
            self.close()
            self._dead_index = False
        return None

    def take(self, limit: float) -> Piece | None:
        """Take what comes next, up to a moment; None when its bytes are not there yet."""
        if self._segment is None and self.peek() is None:
            return None
        segment = self._segment
        assert segment is not None  # noqa: S101 - peek has opened it
        piece = None if self._dead_index else segment.take(limit, fine=self._fine)
        if piece is None:
            if self._dead_index or segment.peek() is None:
                return segment.take_rest() if self._waiting else None
            self._unread += 1
            self._dead_index = self._unread > PATIENCE
            return None
        self._unread = 0
        if piece.record is not None and (code := exit_code(piece.record)) is not None:
            self.exit = code
        return piece

    def drain(self) -> Iterator[Piece]:
        """Take everything that is left, also bytes that no record names: whoever wrote them is dead or nearly done."""
        while True:
            if (piece := self.take(math.inf)) is not None:
                yield piece
            elif self.peek() is not None:  # promised by the index, not in the file
                self._dead_index = True
            elif self._segment is not None and (piece := self._segment.take_rest()) is not None:
                yield piece
            else:
                return

    def look_again(self, job: JobLog) -> None:
        """Take in segments that have come into being since.

        Args:
            job: the same job, listed just now.
        """
        if self._segment is None or self._path is None:
            self._waiting = [
                path for path in job.segments if self._path is None or number_of(path) > number_of(self._path)
            ]
            return
        number = number_of(self._path)
        self._waiting = [
            path
            for path in job.segments
            if number_of(path) > number or (path == self._path and not self._segment.is_file(path))
        ]

    def _enter(self) -> bool:
        """Open the next segment that still exists."""
        while self._waiting:
            path = self._waiting.pop(0)
            try:
                self._segment = Segment(path)
            except FileNotFoundError:
                self.missing += 1
                continue
            except OSError:
                continue
            if self._path is not None:
                self.missing += max(0, number_of(path) - number_of(self._path) - 1)
            self._path = path
            return True
        return False

    def _fragments(self, paths: list[Path]) -> set[int]:
        """The streams whose line goes on at the present place, looked up in the segment before where needed."""
        segment = self._segment
        if segment is None:
            return set()
        inside = {stream: segment.ends_inside_line(stream) for stream in (STDOUT, STDERR)}
        at = paths.index(self._path) if self._path in paths else 0
        if at and None in inside.values():
            with contextlib.suppress(OSError):
                before = Segment(paths[at - 1])
                try:
                    before.seek_time(math.inf)
                    inside |= {stream: before.ends_inside_line(stream) for stream in inside if inside[stream] is None}
                finally:
                    before.close()
        return {stream for stream, found in inside.items() if found}
