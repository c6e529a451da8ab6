"""What a running job prints from now on."""

from __future__ import annotations

import contextlib
from pathlib import Path

from hybrid_tasks.logs.store import readable, segments

MOST = 256 << 10
"""Bytes that are kept; of more the beginning, which names the cause."""


class Since:
    """The output of a job from the moment this is made.

    Args:
        log_file: any raw file of the job; later segments are found beside it.
        whole: what it has printed before as well.
    """

    def __init__(self, log_file: Path, *, whole: bool = False) -> None:
        self._log_file = log_file
        self._sizes = {} if whole else {segment: _size(segment) for segment in segments(log_file)}
        self._data = b""

    def lines(self) -> list[str]:
        """Everything it has printed since, without escapes; the last line may be half of one."""
        for segment in segments(self._log_file):
            before = self._sizes.get(segment, 0)
            room = MOST - len(self._data)
            with contextlib.suppress(OSError), segment.open("rb") as file:
                file.seek(before)
                more = file.read(room) if room > 0 else b""
                self._data += more
                self._sizes[segment] = before + len(more)
        return readable(self._data)


def _size(file: Path) -> int:
    try:
        return file.stat().st_size
    except OSError:
        return 0
