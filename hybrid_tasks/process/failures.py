"""Why a program could not be started, in words that name the cure."""

from __future__ import annotations

import errno
import os
from pathlib import Path

from hybrid_tasks.errors import HybridError, ToolMissing
from hybrid_tasks.model.command import Command


class StartFailed(HybridError):
    """A program could not be executed.

    Args:
        message: what is wrong.
        service: the service it was for.
        hint: what to do about it.
        missing: the program's name when it was not found, else None.
    """

    def __init__(self, message: str, service: str, hint: str = "", missing: str | None = None) -> None:
        super().__init__(message, hint, subject=f"service `{service}`")
        self.missing = missing


class ProgramMissing(StartFailed, ToolMissing):
    """A program that is named without a place is nowhere on PATH: no change of the source mends that."""


def why(command: Command, service: str, stage: str, number: int) -> StartFailed:
    """The error for a program that could not be executed.

    Args:
        command: what was to run.
        service: the service it was for.
        stage: what failed: `fork`, `cwd`, `start` or `exec`.
        number: the errno of it.
    """
    text = os.strerror(number).lower()
    if stage == "cwd":
        return StartFailed(f"cannot enter the directory `{command.cwd}`: {text}", service)
    if stage != "exec":
        return StartFailed(f"cannot start a process: {text}", service)
    program = command.argv[0]
    if number != errno.ENOENT:
        cure = {
            errno.EACCES: f"chmod +x `{program}`, or name a program",
            errno.ENOEXEC: "it is neither a binary for this machine nor a script with a `#!` line",
            errno.E2BIG: "its arguments and environment are too large together",
            errno.EINVAL: "an argument or variable holds a NUL byte, or a variable's name a `=`",
        }
        return StartFailed(f"cannot execute `{program}`: {text}", service, cure.get(number, ""))
    if "/" not in program:
        hint = f"install it, or add its directory to PATH (`inv dev-env {service}` shows it)"
        return ProgramMissing(f"`{program}` was not found", service, hint, program)
    if (file := Path(command.cwd, program)).exists():
        return StartFailed(f"cannot execute `{program}`: its interpreter is missing ({_interpreter(file)})", service)
    return StartFailed(f"`{program}` does not exist", service, missing=program)


def _interpreter(file: Path) -> str:
    try:
        with file.open("rb") as opened:
            first = opened.readline(256)
    except OSError:
        return "unknown"
    return first[2:].decode(errors="replace").strip() if first.startswith(b"#!") else "its dynamic loader"
