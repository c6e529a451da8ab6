"""An instance's output as lines, each given once, for probes that wait for one of them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

_BLOCK = 1024 * 1024
_LONGEST_LINE = 64 * 1024


def new_lines(log: Path) -> Callable[[], list[str]]:
    """Follow a raw log file from its beginning.

    Args:
        log: the file; it need not exist yet.

    Returns:
        a function that gives the complete lines that came since it was called last; at most a megabyte
        is read at a time, and of an endless line what is there.
    """
    offset = 0
    rest = b""

    def read() -> list[str]:
        nonlocal offset, rest
        try:
            with log.open("rb") as file:
                file.seek(offset)
                block = file.read(_BLOCK)
        except FileNotFoundError:
            return []
        offset += len(block)
        *lines, rest = (rest + block).split(b"\n")
        if len(rest) > _LONGEST_LINE:
            lines, rest = [*lines, rest], b""
        return [line.decode(errors="replace") for line in lines]

    return read
