"""Git operations in progress, during which the tree is in no state anybody meant to run."""

# ruff: noqa: PTH116, PTH118, PTH120 - see `_git_directory`
from __future__ import annotations

import asyncio
import os
import stat
import time
from collections.abc import Awaitable, Callable
from functools import lru_cache
from pathlib import Path

from hybrid_tasks.engine.content import read_regular

_LOCKS = {"index.lock": "git is changing the tree"}
_OPERATIONS = {
    "rebase-merge": "a git rebase is in progress",
    "rebase-apply": "a git rebase or am is in progress",
    "MERGE_HEAD": "a git merge is in progress",
    "CHERRY_PICK_HEAD": "a git cherry-pick is in progress",
    "REVERT_HEAD": "a git revert is in progress",
}
LOCK_CAP = 10.0
"""Seconds after which a lock counts as left behind by a git that was killed."""
OPERATION_CAP = 30.0
"""Seconds after which a rebase or merge waits for a human, who may want to see what is saved meanwhile."""
_FIRST_PAUSE = 0.01
_LONGEST_PAUSE = 0.2
_LOOKED = 0.05
"""Seconds for which the way up to `.git` is known."""


def in_progress(root: Path) -> str | None:
    """Say which git operation is going on in the checkout around a directory.

    Args:
        root: any directory; worktrees and submodules are understood.

    Returns:
        a sentence naming the file that says so, or None.
    """
    found = _marker(root, time.monotonic())
    return found[1] if found is not None else None


class Operations:
    """Holds a swap back while git works, but not for longer than a cap for each operation.

    Args:
        root: a directory of the checkout.
        clock: monotonic seconds.
    """

    def __init__(self, root: Path, clock: Callable[[], float] = time.monotonic) -> None:
        self._root = root
        self._clock = clock
        self._current: tuple[Path, int] | None = None
        self._since = 0.0

    async def ended(self, pause: Callable[[float], Awaitable[None]] = asyncio.sleep) -> str | None:
        """Wait until no git operation holds the swap.

        Args:
            pause: sleeps for seconds.

        Returns:
            None, or a sentence saying that the wait was given up.
        """
        seconds = _FIRST_PAUSE
        while True:
            reason, given_up = self.look()
            if reason is None:
                return given_up
            await pause(seconds)
            seconds = min(2 * seconds, _LONGEST_PAUSE)

    def look(self) -> tuple[str | None, str | None]:
        """Say why a swap should wait now, or that waiting was given up; neither when git does nothing."""
        found = _marker(self._root, self._clock())
        if found is None:
            self._current = None
            return None, None
        path, sentence = found
        identity = _identity(path)
        now = self._clock()
        if identity != self._current:
            self._current, self._since = identity, now
        cap = LOCK_CAP if path.name in _LOCKS else OPERATION_CAP
        if now - self._since < cap:
            return sentence, None
        return None, f"{sentence} for more than {cap:g} s: reloaded all the same"


def _marker(root: Path, now: float) -> tuple[Path, str] | None:
    directory = _git_directory(root, now)
    if directory is None:
        return None
    for name, sentence in {**_LOCKS, **_OPERATIONS}.items():
        path = directory / name
        if _identity(path) is not None:
            return path, f"{sentence} (`{path}`)"
    return None


def _git_directory(root: Path, now: float) -> Path | None:
    """Where git keeps the state of the checkout around a directory; asked at every start, so without path objects."""
    directory, moment = str(root), int(now / _LOOKED)
    while not (found := _git_in(directory, moment)):
        parent = os.path.dirname(directory)
        if found is None or parent == directory:
            return None
        directory = parent
    return Path(found)


@lru_cache(maxsize=1024)
def _git_in(directory: str, _moment: int) -> str | None:
    """Where git keeps the state of a checkout: empty where this is none, None where it is one that does not say where.

    Kept for a moment: the services of a start have nearly the whole way up in common.
    """
    git = os.path.join(directory, ".git")
    try:
        mode = os.stat(git).st_mode
    except (OSError, ValueError):
        return ""
    if stat.S_ISDIR(mode):
        return git
    if not stat.S_ISREG(mode):
        return ""
    text = (read_regular(git) or b"").decode("utf-8", "surrogateescape")
    key, _, target = text.partition(":")
    return os.path.join(directory, target.strip()) if key == "gitdir" else None


def _identity(path: Path) -> tuple[Path, int] | None:
    try:
        return path, path.lstat().st_ino
    except (OSError, ValueError):  # also a `.git` file that leads to a name too long
        return None
