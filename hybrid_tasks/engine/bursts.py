"""When saving has paused long enough to switch.

One saved file is quiet after about 15 ms. A checkout or a code generator saves many files with pauses of its own, so
once a burst is visible the pause that counts as quiet grows with the pauses seen. A switch is only delayed so far.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from pathlib import Path

from hybrid_tasks.model.watching import Debounce

VISIBLE = 3
"""So many files in one go are still no burst."""
_TOGETHER = 0.25
"""Seconds between two saves that may still belong together; also the widest window."""
_AT_LEAST = 0.05
_SAFETY = 2.0
"""How many times the widest pause seen has to pass in a burst."""


class Quiet:
    """Decides when a burst of saves is over; saves of unchanged content need not be told.

    Args:
        debounce: the shortest quiet time, and the longest delay of a switch, in seconds.
        clock: monotonic seconds.
    """

    def __init__(self, debounce: Debounce, clock: Callable[[], float] = time.monotonic) -> None:
        self._debounce = debounce
        self._clock = clock
        self._first = 0.0
        self._last: float | None = None
        self._widest = 0.0
        self._files: set[Path] = set()

    def saw(self, files: Iterable[Path]) -> None:
        """Hear that files changed just now."""
        now = self._clock()
        pause = now - self._last if self._last is not None else _TOGETHER
        late = now - self._first >= self._debounce.limit
        if self._last is None or late or pause >= max(_TOGETHER, self._debounce.quiet):
            self._first, self._widest = now, 0.0
            self._files.clear()
        else:
            self._widest = max(self._widest, pause)
        self._last = now
        if not self.burst:
            self._files.update(files)

    @property
    def burst(self) -> bool:
        """Whether more files are changing than one save explains."""
        return len(self._files) > VISIBLE

    @property
    def window(self) -> float:
        """Seconds without a change that count as quiet at this moment."""
        if not self.burst:
            return self._debounce.quiet
        grown = self._debounce.quiet + _SAFETY * self._widest
        return max(self._debounce.quiet, min(_TOGETHER, max(_AT_LEAST, grown)))

    def remaining(self) -> float:
        """Give the seconds until a switch may go ahead if nothing else changes; 0 when it may now."""
        if self._last is None:
            return 0.0
        due = min(self._last + self.window, self._first + self._debounce.limit)
        return max(0.0, due - self._clock())
