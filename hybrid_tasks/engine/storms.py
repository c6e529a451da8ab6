"""Services that change their own watched files, so that every reload asks for the next one.

The evidence is causal, not a rate: the same file changes during run after run of our own work (check, build, launch)
and never while we do nothing. When that happens twice in a row the next run is put off for longer than the changes
were apart. A person or an auto-saving editor saves in that pause, which clears the file at once; a loop cannot, for
nothing runs. Only a third change, during the run after a pause without any, is called a loop. A held file is released
by the first change while nothing of ours runs, and saves of other files go on being swapped.

The second after a run belongs to it as well, for a program writes while it comes up; but somebody who waits for a
version and saves again at once writes in that second too. What has not written to any file cannot have done it.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from hybrid_tasks.model.status import Held

_QUICK = 5.0
"""Seconds between two changes of a quick loop; slower ones need more evidence, because people are that slow too."""
_TWICE = 2
_OFTEN = 5
_AFTERMATH = 1.0
"""Seconds after a run that still belong to it: a program writes while it comes up."""
_CANCELLED = 0.3
"""The same in a pause, which began by cancelling a run."""
_SOMEBODY = 30.0
"""Seconds for which a change while nothing of ours ran speaks for a file."""
_PAUSE = 1.0
_LONGER = 1.5


@dataclass(frozen=True, slots=True)
class Go:
    """Nothing speaks against acting on the change."""


@dataclass(frozen=True, slots=True)
class Wait:
    """Start nothing for `seconds`, unless a later change says `Go`; `reason` is what is suspected."""

    seconds: float
    reason: str


@dataclass(slots=True)
class _Chain:
    """One file that changed in run after run: how often, in which run and when last, how regularly."""

    run: int
    at: float
    offset: float
    count: int = 1
    longest: float = 0.0
    regular: bool = True
    resume: float | None = None


class Loops:
    """Watches one service for feedback.

    Args:
        service: its name, for the line to paste.
        roots: its watched directories; ignore lines are relative to them.
        clock: monotonic seconds.
    """

    def __init__(self, service: str, roots: Iterable[Path], clock: Callable[[], float] = time.monotonic) -> None:
        self._service = service
        self._roots = tuple(roots)
        self._clock = clock
        self._working = False
        self._run = 0
        self._began = 0.0
        self._ended = float("-inf")
        self._wrote: Callable[[], bool] = _cannot_be_told
        self._chains: dict[Path, _Chain] = {}
        self._somebody: dict[Path, float] = {}
        self._held: frozenset[Path] = frozenset()

    def began(self) -> None:
        """Hear that a run of our own work begins: check, build and launch of one swap."""
        self._working = True
        self._run += 1
        self._began = self._clock()

    def ended(self, wrote: Callable[[], bool] | None = None) -> None:
        """Hear that the run is over, however it ended.

        Args:
            wrote: whether what runs now has written to files since; None: that cannot be told.
        """
        self._working = False
        self._ended = self._clock()
        self._wrote = wrote or _cannot_be_told

    def vouch(self) -> None:
        """Hear that somebody asked for the reload: what changed was not our own doing."""
        self._chains.clear()
        self._held = frozenset()

    @property
    def held(self) -> Held | None:
        """What is held at the moment."""
        return self._verdict() if self._held else None

    def changed(self, files: Iterable[Path], age: float = 0.0) -> Go | Wait | Held:
        """Judge a change of content.

        Args:
            files: what changed since the last call.
            age: seconds since the first of them was written.

        Returns:
            whether to act on it now, later, or not at all.
        """
        changed = frozenset(files)
        now = self._clock()
        if self._is_ours(now - age):
            return self._ours(changed, now)
        for file in changed:
            self._somebody[file] = now
            self._chains.pop(file, None)
        self._held -= changed
        return self._verdict() if changed and changed <= self._held else Go()

    def _is_ours(self, at: float) -> bool:
        """Whether something of ours may have made a change."""
        if self._working or at <= self._ended:
            return True
        paused = any(chain.resume is not None and at < chain.resume for chain in self._chains.values())
        return at - self._ended <= (_CANCELLED if paused else _AFTERMATH) and self._wrote()

    def _ours(self, changed: frozenset[Path], now: float) -> Go | Wait | Held:
        self._somebody = {file: at for file, at in self._somebody.items() if now - at < _SOMEBODY}
        self._chains = {file: chain for file, chain in self._chains.items() if chain.run >= self._run - 1}
        suspects = [chain for file in changed if (chain := self._link(file, now)) is not None]
        if changed <= self._held:
            return self._verdict()
        if len(suspects) < len(changed - self._held):
            return Go()
        if all(chain.resume is not None and chain.resume <= self._began for chain in suspects):
            self._held |= changed
            return self._verdict()
        seconds = max(_PAUSE, *(_LONGER * chain.longest for chain in suspects))
        for chain in suspects:
            chain.resume = now + seconds
        return Wait(seconds, f"loop suspected: {self._named(changed)} changed during our own work twice in a row")

    def _link(self, file: Path, now: float) -> _Chain | None:
        """Add a change to a file's chain; the chain when it is long enough to be suspicious."""
        if file in self._somebody or file in self._held:
            return None
        offset = now - self._began
        chain = self._chains.get(file)
        if chain is None:
            self._chains[file] = _Chain(self._run, now, offset)
            return None
        if chain.run < self._run:
            chain.regular = chain.regular and abs(offset - chain.offset) <= 0.1 + 0.25 * max(offset, chain.offset)
            chain.longest = max(chain.longest, now - chain.at) if chain.resume is None else chain.longest
            chain.count += 1
            chain.run, chain.at, chain.offset = self._run, now, offset
        needed = _TWICE if chain.longest <= _QUICK else _OFTEN
        return chain if chain.regular and chain.count >= needed else None

    def _verdict(self) -> Held:
        lines = json.dumps(ignore_lines(self._held, self._roots), ensure_ascii=False)
        return Held(
            f"reloading {self._named(self._held)} would go on for ever: the service's own build or start changes it",
            f"in hybrid.toml, under [services.{self._service}]: ignore = {lines}",
        )

    def _named(self, files: Iterable[Path]) -> str:
        names = sorted(self._relative(file) for file in files)
        shown = ", ".join(f"`{name}`" for name in names[:3])
        return shown if len(names) <= 3 else f"{shown} and {len(names) - 3} more"  # noqa: PLR2004 - three fit a line

    def _relative(self, file: Path) -> str:
        root = _root_of(file, self._roots)
        return os.path.relpath(file, root) if root is not None else str(file)


def _cannot_be_told() -> bool:
    return True


def ignore_lines(files: Iterable[Path], roots: tuple[Path, ...]) -> list[str]:
    """Give the gitignore lines that leave out exactly these files, or their directory when several share one.

    Args:
        files: watched files.
        roots: the watched directories.
    """
    by_directory: dict[Path, list[Path]] = {}
    for file in files:
        by_directory.setdefault(file.parent, []).append(file)
    lines: set[str] = set()
    for directory, inside in by_directory.items():
        root = _root_of(directory, roots)
        if root is None:
            lines.update(_escaped(file.name) for file in inside)
        elif len(inside) > 1 and directory != root:
            lines.add(f"/{_escaped(os.path.relpath(directory, root))}/")
        else:
            lines.update(f"/{_escaped(os.path.relpath(file, root))}" for file in inside)
    return sorted(lines)


def _root_of(path: Path, roots: tuple[Path, ...]) -> Path | None:
    inside = [root for root in roots if path.is_relative_to(root)]
    return max(inside, key=lambda root: len(root.parts), default=None)


def _escaped(path: str) -> str:
    text = "".join(f"\\{letter}" if letter in "\\*?[" else letter for letter in path)
    return f"{text[:-1]}\\ " if text.endswith(" ") else text
