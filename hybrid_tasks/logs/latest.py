"""`--tail`: the last lines of each service; what we say of lost lines does not count."""

from __future__ import annotations

from collections import deque

from hybrid_tasks.logs.index import DROPPED
from hybrid_tasks.logs.merge import Block


class Latest:
    """Keeps the last lines of each service and forgets the older ones.

    Args:
        n: lines kept for each service.
    """

    def __init__(self, n: int) -> None:
        self._n = n
        self._blocks: dict[str, deque[tuple[int, int, Block]]] = {}
        self._lines: dict[str, int] = {}
        self._order = 0

    def add(self, block: Block) -> None:
        """Take the next block."""
        service = block.job.service
        blocks = self._blocks.setdefault(service, deque())
        lines = 0 if block.stream == DROPPED else _lines(block.data)
        self._order += 1
        blocks.append((self._order, lines, block))
        total = self._lines.get(service, 0) + lines
        while blocks and total - blocks[0][1] >= self._n:
            total -= blocks.popleft()[1]
        self._lines[service] = total

    def blocks(self) -> list[Block]:
        """What was kept, in the order it came."""
        kept = []
        for service, blocks in self._blocks.items():
            more = self._lines[service] - self._n
            for order, lines, block in blocks:
                if more > 0 and lines:
                    kept.append((order, block._replace(data=_without_first(block.data, more))))
                    more = 0
                else:
                    kept.append((order, block))
        return [block for _, block in sorted(kept, key=lambda entry: entry[0]) if block.data]


def _lines(data: bytes) -> int:
    return data.count(b"\n") + (not data.endswith(b"\n"))


def _without_first(data: bytes, lines: int) -> bytes:
    at = 0
    for _ in range(lines):
        at = data.find(b"\n", at) + 1
        if not at:
            return b""
    return data[at:]
