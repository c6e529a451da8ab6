"""Receives what an observer tells, and lets a test wait for it."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

from waiting import until


class Receiver:
    """The `on_dirty` of a test.

    Attributes:
        calls: everything told so far.
    """

    def __init__(self) -> None:
        self.calls: list[frozenset[Path] | None] = []
        self._told = threading.Condition()

    def __call__(self, paths: frozenset[Path] | None) -> None:
        with self._told:
            self.calls.append(paths)
            self._told.notify_all()

    @property
    def paths(self) -> set[Path]:
        """All paths told."""
        with self._told:
            return {path for call in self.calls for path in call or ()}

    @property
    def everything(self) -> int:
        """How often it was told to compare everything."""
        with self._told:
            return self.calls.count(None)

    def clear(self) -> None:
        """Forget what was told."""
        with self._told:
            self.calls.clear()

    def hears(self, path: Path, timeout: float = 20.0) -> bool:
        """Wait until a path, or a directory above it, is told (or that anything may have changed)."""
        deadline = time.monotonic() + timeout
        above = {path, *path.parents}
        with self._told:
            while not any(call is None or call & above for call in self.calls):
                if not self._told.wait(max(0.0, deadline - time.monotonic())) and time.monotonic() >= deadline:
                    return False
        return True

    def hears_of_everything(self, timeout: float = 20.0) -> bool:
        """Wait until it is told that anything may have changed."""
        with self._told:
            return self._told.wait_for(lambda: None in self.calls, timeout)


def marker(root: Path, told: Receiver) -> None:
    """Everything that happened before has been told once this comes through."""
    told_before = len(told.calls)
    path = root / f"marker{told_before}.go"
    path.write_text("x")
    assert told.hears(path)


def heard_again(told: Receiver, path: Path) -> bool:
    """Whether a save of exactly this file is told; for what takes effect a moment later."""

    def saved() -> bool:
        told.clear()
        path.write_text(os.urandom(4).hex())
        return told.hears(path, timeout=0.5) and path in told.paths

    return until(saved)
