"""In which language a running program is written, as far as there is a way to ask it what it is doing."""

from __future__ import annotations

import os
from contextlib import suppress

PYTHON, GO = "python", "go"
_HEAD = 64 * 1024
_GO_NOTE = b"\x04\0\0\0Go\0\0"  # type and name of the ELF note that holds Go's build id


def language(pid: int) -> str | None:
    """Tell by a process's executable.

    Args:
        pid: a process of ours.

    Returns:
        `python`, `go`, or None for all others.
    """
    with suppress(OSError):
        program = os.readlink(f"/proc/{pid}/exe")  # noqa: PTH115 - a path that may not exist any more
        if os.path.basename(program).startswith("python"):  # noqa: PTH119
            return PYTHON
        with open(f"/proc/{pid}/exe", "rb") as file:  # noqa: PTH123
            head = file.read(_HEAD)
        if head.startswith(b"\x7fELF") and _GO_NOTE in head:
            return GO
    return None
