"""From what a stream delivered to complete lines: parts are joined, lines nobody can read are cut."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from hybrid_tasks.logs.units import human

CUT = 8192
"""Bytes of one line that are shown; the file keeps all of them."""

SEARCHED = 1 << 20
"""Bytes of one line that `--grep` looks at."""

WHOLE = 1 << 20
"""Bytes of an unfinished line that are passed on unfinished when nothing may be cut (`--raw`)."""

# A cut may fall into a character or a sequence; neither is left half.
_HALF = re.compile(rb"(?:\x1b[^\x1b\x07a-zA-Z]{0,64}|[\xc0-\xff][\x80-\xbf]{0,3})\Z")


_SIZE = re.compile(rb"\xe2\x80\xa6 \(\d+(?:\.\d)? (?:kB|MB|GB)\)\Z")


@dataclass(slots=True)
class _Part:
    """The beginning of a line whose end has not come yet; no more of it is kept than is shown."""

    time: float
    head: bytes = b""
    length: int = 0

    def add(self, data: bytes, cut: int | None) -> None:
        self.length += len(data)
        self.head += data if cut is None else data[: max(0, cut + 1 - len(self.head))]

    def finish(self, end: bytes, cut: int | None) -> bytes:
        self.add(end, cut)
        if cut is None or self.length <= cut + 1:
            return self.head
        return short(self.head, self.length - 1, cut) + b"\n"


@dataclass(slots=True)
class Joiner:
    """The unfinished lines of one job, one for each of its streams.

    Args:
        cut: bytes of a line that are kept, None for all.
        fragments: streams that were entered in the middle of a line; its rest is left out.
    """

    cut: int | None = CUT
    fragments: set[int] = field(default_factory=set)
    _parts: dict[int, _Part] = field(default_factory=dict)

    def feed(self, stream: int, time: float, data: bytes) -> list[tuple[float, bytes]]:
        """Take what a stream delivered.

        Args:
            stream: which one.
            time: when, in epoch seconds.
            data: the bytes, any length.

        Returns:
            for each different time its complete lines, each with its line end.
        """
        if stream in self.fragments and b"\n" in data:
            data = data[data.find(b"\n") + 1 :]
            self.fragments.discard(stream)
        if not data or stream in self.fragments:
            return []
        end = data.rfind(b"\n") + 1
        if not end:
            return self._grow(stream, time, data)
        ready = []
        part = self._parts.pop(stream, None)
        start = 0
        if part is not None:
            start = data.find(b"\n") + 1
            ready.append((part.time, part.finish(data[:start], self.cut)))
        if start < end:
            ready.append((time, cut_long(data[start:end], self.cut)))
        if end < len(data):
            self._grow(stream, time, data[end:])
        return ready

    def flush(self) -> list[tuple[int, float, bytes]]:
        """What was never finished, as (stream, time, bytes); a missing line end is added unless nothing is cut."""
        left = [
            (stream, part.time, part.head if self.cut is None else part.finish(b"\n", self.cut))
            for stream, part in sorted(self._parts.items())
        ]
        self._parts.clear()
        return left

    def _grow(self, stream: int, time: float, data: bytes) -> list[tuple[float, bytes]]:
        part = self._parts.setdefault(stream, _Part(time))
        part.add(data, self.cut)
        if self.cut is None and part.length > WHOLE:
            del self._parts[stream]
            return [(part.time, part.head)]
        return []


def cut_long(block: bytes, cut: int | None = CUT) -> bytes:
    """Shorten the lines of a block that are longer than `cut` bytes, and say how long they were."""
    if cut is None or len(block) <= cut:
        return block
    # A line longer than `cut` covers one whole window of half that size: one search each instead of one per line.
    half = cut // 2
    if all(block.find(b"\n", start, start + half) >= 0 for start in range(0, len(block) - half, half)):
        return block
    return b"\n".join(line if len(line) <= cut else short(line, len(line), cut) for line in block.split(b"\n"))


def short(head: bytes, length: int, cut: int = CUT) -> bytes:
    """The beginning of a long line with its size: `… (50 MB)`.

    Args:
        head: at least its first `cut` bytes, without the line end.
        length: bytes of the whole line.
        cut: bytes to keep.
    """
    known = _SIZE.search(head[-32:]) if length == len(head) else None  # cut before, at a greater length
    size = known[0] if known else f"… ({human(length)})".encode()
    return _HALF.sub(b"", head[:cut]) + size
