"""Where each key of a TOML text stands, as `scanning` found it."""

from __future__ import annotations

import bisect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

KeyPath = tuple[str | int, ...]


@dataclass(frozen=True, slots=True, order=True)
class Spot:
    """A place in a text; both count from 1."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Repeat:
    """A key or table that is written again."""

    path: KeyPath
    first: Spot
    again: Spot


@dataclass(frozen=True, slots=True)
class Positions:
    """The places of a text.

    Args:
        offsets: where each key, table and list element begins, in characters.
        lines: where each line after the first begins, in characters.
        repeats: what is there twice.
        unclosed: where the innermost bracket or quote opens that nothing closes, or None.
    """

    offsets: Mapping[KeyPath, int]
    lines: Sequence[int]
    repeats: tuple[Repeat, ...] = ()
    unclosed: Spot | None = None

    def of(self, path: KeyPath) -> Spot:
        """Give the place of a key, or of the closest table around it that was written."""
        for length in range(len(path), 0, -1):
            offset = self.offsets.get(path[:length])
            if offset is not None:
                return spot_at(self.lines, offset)
        return Spot(1, 1)


def spot_at(lines: Sequence[int], offset: int) -> Spot:
    """Give the place of a character, given where the lines after the first begin."""
    line = bisect.bisect_right(lines, offset)
    return Spot(line + 1, offset - (lines[line - 1] if line else 0) + 1)
