"""Asking a program for its version, without waiting for one that hangs."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

_LONGEST = 200


@dataclass(frozen=True, slots=True)
class Said:
    """How a program answered: its exit code (None: it did not end in time) and its first line."""

    code: int | None
    line: str


def ask(argv: Sequence[str], env: Mapping[str, str], timeout: float) -> Said:
    """Run a program that prints its version.

    Args:
        argv: its path and arguments.
        env: its complete environment.
        timeout: seconds after which it is killed, with what it started.

    Returns:
        what it said; a program that cannot be executed says nothing with code 126.
    """
    # A file, not a pipe: a child that outlives the program could hold a pipe open.
    with tempfile.TemporaryFile() as output:
        try:
            process = subprocess.Popen(
                list(argv),
                env=dict(env),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        except OSError:
            return Said(126, "")
        with process:
            code: int | None = None
            try:
                code = process.wait(timeout)
            except subprocess.TimeoutExpired:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
        output.seek(0)
        lines = output.read(1 << 16).decode("utf-8", "replace").splitlines()
    return Said(code, next((line.strip()[:_LONGEST] for line in lines if line.strip()), ""))
