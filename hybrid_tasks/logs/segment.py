"""One raw log file with its index, read forwards, piece by piece."""

from __future__ import annotations

import os
import struct
from bisect import bisect_left, bisect_right
from pathlib import Path
from typing import NamedTuple

from hybrid_tasks.logs.index import (
    DROPPED,
    EXIT,
    RECORD,
    STDERR,
    STDOUT,
    Record,
    count,
    index_path,
    is_index,
    read,
    records,
)

BLOCK = 1 << 18
"""Bytes taken from a file at once."""

_BATCH = 4096
_STEP = 64
_SIZE = RECORD.size
_STREAM_AT = _SIZE - 1
_TIME = struct.Struct("<d")
_TIME_AT = struct.calcsize("<QI")
_TIMES = struct.Struct("<12xdx")
_WORDS = frozenset({DROPPED, EXIT})
_AHEAD = 1 << 16
_LATEST = 1e11  # the year 5138
_READ = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW


class Piece(NamedTuple):
    """What one take from a log gave: bytes of one stream, or a record about the job (`record`, no data)."""

    stream: int
    time: float
    data: bytes
    record: Record | None = None


class Segment:
    """One raw file, read in the order of its index.

    Args:
        log: the raw file; without a usable index all of it is its `rest`.

    Raises:
        OSError: it cannot be opened, for example because the size cap has removed it.
    """

    def __init__(self, log: Path) -> None:
        self._log = os.open(log, _READ)
        self._index = -1
        self._index_path = index_path(log)
        self._first = 0  # number of the first record in the buffer
        self._buffer = b""
        self._streams = b""
        self._at = 0  # the next record in the buffer
        self._times: list[float] | None = None  # of the buffer, made when several jobs are merged
        self._run_end = 0
        self._ahead = b""
        self._ahead_at = 0
        self.end = 0  # bytes of the file that records gave so far
        self.last = (STDOUT, os.fstat(self._log).st_mtime)

    def close(self) -> None:
        """Close both files."""
        for fd in (self._log, self._index):
            if fd >= 0:
                os.close(fd)
        self._log = self._index = -1

    def peek(self) -> float | None:
        """The time of the next record, None when there is none (yet)."""
        if self._at >= len(self._streams) and not self._refill():
            return None
        return self._time(self._at)

    def take(self, limit: float, *, fine: bool) -> Piece | None:
        """Take the next bytes of one stream.

        Args:
            limit: records after this time stay, except the next one.
            fine: take a single record, for its exact time.

        Returns:
            None when there is no record, or its bytes have not reached the file yet.
        """
        at = self._at
        if at >= len(self._streams):
            if not self._refill():
                return None
            at = self._at
        offset, length, time, stream = RECORD.unpack_from(self._buffer, at * _SIZE)
        if not 0 <= time <= _LATEST:  # damaged; also true for NaN
            time = 0.0
        if stream in _WORDS:
            self._at = at + 1
            return Piece(stream, time, b"", Record(offset, length, time, stream))
        until = at + 1 if fine else self._together(at, limit, offset)
        end = offset + length
        if until > at + 1:
            final_offset, length, _, _ = RECORD.unpack_from(self._buffer, (until - 1) * _SIZE)
            end = max(offset, final_offset + length)
        start = max(offset, min(self.end, end))  # the bytes of a big record that were taken before
        size = min(end - start, BLOCK)
        data = self._bytes(start, size)
        if len(data) < size:
            return None
        self.end = start + size
        if self.end >= end:
            self._at = until
        self.last = (stream, self._time(until - 1))
        return Piece(stream, time, data)

    def has_rest(self) -> bool:
        """Whether there are bytes behind those that records named so far."""
        return os.fstat(self._log).st_size > self.end

    def take_rest(self) -> Piece | None:
        """Take bytes that no record names (the writer died between the two); None when there are none."""
        data = os.pread(self._log, BLOCK, self.end)
        if not data:
            return None
        self.end += len(data)
        return Piece(*self.last, data)

    def seek_time(self, since: float) -> None:
        """Go to the first record that is not before a moment."""
        if not self._open_index():
            return

        def time(number: int) -> float:
            return records(read(self._index, number, 1))[0].time

        self._go(bisect_left(range(count(self._index)), since, key=time))

    def last_time(self) -> float:
        """The time of the newest record, the file's own when there is none."""
        if self._open_index() and (number := count(self._index)):
            return records(read(self._index, number - 1, 1))[0].time
        return self.last[1]

    def seek_lines(self, n: int) -> int:
        """Go back from the end over at least `n` whole lines.

        Returns:
            how many line ends lie behind the place reached; more than `n`, or all of the file's.
        """
        at = count(self._index) if self._open_index() else 0
        found, indexed = 0, False
        rest_from = 0
        while at > 0 and found <= n:
            first = max(0, at - _STEP)
            data = [r for r in records(read(self._index, first, at - first)) if r.stream in (STDOUT, STDERR)]
            if data:
                end = data[-1].offset + data[-1].length
                found += self._line_ends(data[0].offset, end)
                if not indexed:
                    indexed, rest_from = True, end
                    found += self._line_ends(end, os.fstat(self._log).st_size)
            at = first
        if not indexed:
            found += self._line_ends(rest_from, os.fstat(self._log).st_size)
        self._go(at)
        return found

    def ends_inside_line(self, stream: int) -> bool | None:
        """Whether what a stream wrote before the present place stops within a line; None when it wrote nothing near."""
        number = self._first + self._at
        start = max(0, number - _BATCH)
        before = read(self._index, start, number - start) if number and self._index >= 0 else b""
        found = before[_STREAM_AT::_SIZE].rfind(bytes((stream,)))
        if found < 0:
            return None
        record = Record(*RECORD.unpack_from(before, found * _SIZE))
        return os.pread(self._log, 1, record.offset + record.length - 1) != b"\n"

    def is_file(self, log: Path) -> bool:
        """Whether this path still names the file that is open here."""
        try:
            about = log.stat()
        except OSError:
            return False
        mine = os.fstat(self._log)
        return (about.st_dev, about.st_ino) == (mine.st_dev, mine.st_ino)

    def _go(self, number: int) -> None:
        self._first, self._at, self._buffer, self._streams, self._run_end = number, 0, b"", b"", 0
        first = max(0, number - _BATCH)
        before = records(read(self._index, first, number - first)) if number else []
        self.end = next((r.offset + r.length for r in reversed(before) if r.stream in (STDOUT, STDERR)), 0)

    def _open_index(self) -> bool:
        if self._index < 0:
            try:
                self._index = os.open(self._index_path, _READ)
            except OSError:
                return False
        return is_index(self._index)

    def _refill(self) -> bool:
        if self._index < 0 and not self._open_index():
            return False
        number = self._first + len(self._streams)
        buffer = read(self._index, number, _BATCH)
        if not buffer or (number == 0 and not is_index(self._index)):
            return False
        self._first, self._at, self._run_end = number, 0, 0
        self._buffer, self._streams, self._times = buffer, buffer[_STREAM_AT::_SIZE], None
        return True

    def _bytes(self, start: int, size: int) -> bytes:
        """Bytes of the file; small pieces come out of one bigger read."""
        try:
            if size > _AHEAD // 2:
                return os.pread(self._log, size, start)
            at = start - self._ahead_at
            if at < 0 or at + size > len(self._ahead):
                self._ahead, self._ahead_at, at = os.pread(self._log, _AHEAD, start), start, 0
            return self._ahead[at : at + size]
        except OverflowError:  # a damaged index
            return b""

    def _time(self, at: int) -> float:
        time: float = _TIME.unpack_from(self._buffer, at * _SIZE + _TIME_AT)[0]
        return time if 0 <= time <= _LATEST else 0.0

    def _together(self, at: int, limit: float, offset: int) -> int:
        """The end of the records that can be read in one go: one stream, up to the limit, one block."""
        if at >= self._run_end:
            rest = self._streams[at:]
            self._run_end = at + len(rest) - len(rest.lstrip(rest[:1]))
        until = self._run_end
        if until == at + 1 or self._time(at + 1) > limit:
            return at + 1
        if self._time(until - 1) > limit:
            if self._times is None:
                self._times = [fields[0] for fields in _TIMES.iter_unpack(self._buffer)]
            until = bisect_right(self._times, limit, at + 1, until)
        if self._end_of(until - 1) - offset > BLOCK:
            until = max(at + 1, bisect_right(range(until), offset + BLOCK, at + 1, key=self._end_of))
        return until

    def _end_of(self, at: int) -> int:
        offset, length, _, _ = RECORD.unpack_from(self._buffer, at * _SIZE)
        end: int = offset + length
        return end

    def _line_ends(self, start: int, end: int) -> int:
        found = 0
        while start < end:
            data = os.pread(self._log, min(BLOCK, end - start), start)
            if not data:
                break
            found += data.count(b"\n")
            start += len(data)
        return found
