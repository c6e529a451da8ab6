"""Output that could not be written yet: a ring of bounded size, and an exact count of what it let go."""

from __future__ import annotations

from collections import deque

RING = 4 << 20
OVERHEAD = 256  # what keeping one piece costs beyond its bytes


class Backlog:
    """Keeps the newest output while the disk takes none.

    Args:
        limit: bytes of memory it may hold.
    """

    def __init__(self, limit: int = RING) -> None:
        self._limit = limit
        self._pieces: deque[tuple[int, float, bytes]] = deque()
        self._size = 0
        self.dropped_bytes = 0
        self.dropped_lines = 0
        self.dropped_at = 0.0

    def __bool__(self) -> bool:
        return bool(self._pieces or self.dropped_bytes)

    def add(self, stream: int, at: float, data: bytes) -> None:
        """Keep a piece, and let the oldest go while there are too many.

        Args:
            stream: 1 or 2.
            at: when it was read, seconds since the epoch.
            data: what was read.
        """
        self._pieces.append((stream, at, data))
        self._size += len(data) + OVERHEAD
        while self._size > self._limit:
            self._drop()

    def first(self) -> tuple[int, float, bytes] | None:
        """The oldest piece kept: stream, time, bytes."""
        return self._pieces[0] if self._pieces else None

    def written(self, count: int) -> None:
        """Forget bytes of the oldest piece.

        Args:
            count: how many reached the file.
        """
        stream, at, data = self._pieces.popleft()
        self._size -= count
        if count < len(data):
            self._pieces.appendleft((stream, at, data[count:]))
        else:
            self._size -= OVERHEAD

    def drop_all(self) -> None:
        """Let everything go, and count it."""
        while self._pieces:
            self._drop()

    def forget_drops(self) -> None:
        """Start counting again: the count so far is in the index."""
        self.dropped_bytes = self.dropped_lines = 0

    def _drop(self) -> None:
        _, self.dropped_at, gone = self._pieces.popleft()
        self._size -= len(gone) + OVERHEAD
        self.dropped_bytes += len(gone)
        self.dropped_lines += gone.count(b"\n")
