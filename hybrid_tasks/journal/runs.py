"""The run ids we gave out: what carries one of them and is not alive in our tree may be ended."""

from __future__ import annotations

import errno
import os
from pathlib import Path

from hybrid_tasks.process.ownfile import opened


class Runs:
    """Every run id since the last sweep, on disk before the process it marks exists.

    Args:
        file: one id a line, only ever appended to.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._descriptor = opened(file, os.O_WRONLY | os.O_APPEND)
        self._torn = _torn(file)

    def add(self, run: str) -> None:
        """Note a run id; survives a kill of this process, not a loss of power (then every process is gone too).

        Raises:
            OSError: the disk is full; what was written of the id never joins the next one.
        """
        line = f"{run}\n".encode()
        written = os.write(self._descriptor, b"\n" * self._torn + line)
        whole = written == self._torn + len(line)
        self._torn = not whole
        if not whole:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def known(self) -> frozenset[str]:
        """Every run id noted since the last `forget`."""
        return frozenset(self._file.read_text("ascii", "replace").split())

    def forget(self) -> None:
        """Drop all ids, after a sweep that left none of their processes."""
        os.ftruncate(self._descriptor, 0)
        self._torn = False

    def close(self) -> None:
        """Let go of the file."""
        os.close(self._descriptor)


def _torn(file: Path) -> bool:
    """Whether a writer was interrupted in the middle of a line."""
    with file.open("rb") as lines:
        size = lines.seek(0, os.SEEK_END)
        lines.seek(max(0, size - 1))
        return lines.read(1) not in {b"", b"\n"}
