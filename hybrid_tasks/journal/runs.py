"""The run ids we gave out: what carries one of them and is not alive in our tree may be ended."""

from __future__ import annotations

import os
from pathlib import Path


class Runs:
    """Every run id since the last sweep, on disk before the process it marks exists.

    Args:
        file: one id a line, only ever appended to.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._descriptor = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)

    def add(self, run: str) -> None:
        """Note a run id; survives a kill of this process, not a loss of power (then every process is gone too)."""
        os.write(self._descriptor, f"{run}\n".encode())

    def known(self) -> frozenset[str]:
        """Every run id noted since the last `forget`."""
        return frozenset(self._file.read_text("ascii", "replace").split())

    def forget(self) -> None:
        """Drop all ids, after a sweep that left none of their processes."""
        os.ftruncate(self._descriptor, 0)

    def close(self) -> None:
        """Let go of the file."""
        os.close(self._descriptor)
