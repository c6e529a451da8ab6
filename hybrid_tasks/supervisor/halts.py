"""What was asked to be stopped, and in which order with what was asked to be started."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass


class Halts:
    """The stops of one project; a start looks whether one came while it still loaded."""

    def __init__(self) -> None:
        self.starts = 0
        """How many starts are being answered."""
        self._count = 0
        self._all = 0
        self._named: dict[str, int] = {}

    def add(self, names: Iterable[str]) -> None:
        """Hear that services are to be stopped; none: all of them."""
        self._count += 1
        named = dict.fromkeys(names, self._count)
        self._named.update(named)
        if not named:
            self._all = self._count

    @contextmanager
    def start(self) -> Iterator[Halted]:
        """Answer a start; gives what was asked to be stopped since."""
        self.starts += 1
        try:
            yield Halted(self, self._count)
        finally:
            self.starts -= 1

    def last(self, name: str | None) -> int:
        """The number of the last stop of a service, or of all of them."""
        return max(self._all, self._named.get(name, 0)) if name is not None else self._all


@dataclass(frozen=True, slots=True)
class Halted:
    """What was asked to be stopped since a start was asked for: `name in halted`."""

    halts: Halts
    since: int

    def __contains__(self, name: str) -> bool:
        return self.halts.last(name) > self.since

    @property
    def everything(self) -> bool:
        """Whether all services were."""
        return self.halts.last(None) > self.since
