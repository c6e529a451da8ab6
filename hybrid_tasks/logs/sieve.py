"""Which lines are shown: `--level` and `--grep`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from hybrid_tasks.logs.escapes import strip
from hybrid_tasks.logs.events import EVENT, told
from hybrid_tasks.logs.index import DROPPED
from hybrid_tasks.logs.merge import Block

if TYPE_CHECKING:
    from hybrid_tasks.logs.levels import Levels
    from hybrid_tasks.logs.probed import Probed

_BUILDS = frozenset({"build", "check", "step", "prepare", "release", "stop"})
_LINE = re.compile(rb"(?<=\n)")
MESSAGE = b'{"reason":"'
"""Begins a line that cargo writes for programs; what it says to people stands in the other lines."""


@dataclass(slots=True)
class Sieve:
    """Lets the wanted lines of blocks through; our own notes always pass.

    Args:
        level: rank below which lines are left out.
        pattern: what a line must contain, asked of its text without escapes.
        raw: a build's messages for programs are wanted as well.
        probed: finds the lines that answer our own probes, which are left out then.
    """

    level: int | None = None
    pattern: re.Pattern[str] | None = None
    raw: bool = False
    probed: Probed | None = None
    _levels: dict[tuple[str, str, int], Levels] = field(default_factory=dict)

    def through(self, block: Block) -> Iterator[Block]:
        """The block with its wanted lines; nothing when there are none."""
        if block.stream == DROPPED:
            yield block
            return
        block = self._for_people(block)
        if not block.data:
            return
        if self.level is None and self.pattern is None:
            yield block
            return
        if block.job.role == EVENT:
            yield from self._events(block)
            return
        lines = block.data.split(b"\n")
        ended = not lines[-1]  # else an unfinished last line
        texts = strip(block.data).decode().replace("\r\n", "\n").split("\n")
        if ended:
            del lines[-1], texts[-1]
        if self.level is not None:
            least = self.level
            levels = self._of(block)
            # Every line is asked, also those the pattern leaves out: the next one may continue it.
            passed = [levels.of(text) >= least for text in texts]
        else:
            passed = [True] * len(texts)
        if self.pattern is not None:
            search = self.pattern.search
            passed = [ok and search(text) is not None for ok, text in zip(passed, texts, strict=True)]
        wanted = [line for ok, line in zip(passed, lines, strict=True) if ok]
        if wanted:
            end = b"\n" if ended or not passed[-1] else b""
            yield block._replace(data=b"\n".join(wanted) + end)

    def _for_people(self, block: Block) -> Block:
        """The block without what a build says to programs, and without what answers our own probes."""
        if not self.raw and block.job.role == "build" and MESSAGE in block.data:
            kept = [line for line in _LINE.split(block.data) if not line.startswith(MESSAGE)]
            return block._replace(data=b"".join(kept))
        if self.probed is not None and (ours := self.probed.lines(block)):
            kept = [line for number, line in enumerate(_LINE.split(block.data)) if number not in ours]
            return block._replace(data=b"".join(kept))
        return block

    def _events(self, block: Block) -> Iterator[Block]:
        from hybrid_tasks.logs.levels import INFO, NAMES

        kept = []
        for line in block.data.splitlines(keepends=True):
            for event in told(line):
                level = NAMES.get(event.get("level", ""), INFO)
                matches = self.pattern is None or self.pattern.search(event.get("text", "")) is not None
                if matches and (self.level is None or level >= self.level):
                    kept.append(line)
        if kept:
            yield block._replace(data=b"".join(kept))

    def _of(self, block: Block) -> Levels:
        from hybrid_tasks.logs.levels import ERROR, INFO, Levels

        key = (*block.job.key, block.stream)
        levels = self._levels.get(key)
        if levels is None:
            # Compilers name no level; what a failed build says is why it failed.
            failed = block.job.role in _BUILDS and block.job.exit() not in {0, None}
            levels = self._levels[key] = Levels(ERROR if failed else INFO)
        return levels
