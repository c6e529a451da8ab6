"""Whether a program that a plugin needs is on this machine and works."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

from hybrid_tasks.model.info import Tool

NOT_FOUND = 127
"""What a shell and many version managers' shims exit with when the program behind them is missing."""

PATIENCE = 5.0
"""Seconds a tool has to say its version."""

Runner = Callable[[tuple[str, ...], float], int | None]
"""Runs an argument vector for at most some seconds and gives its exit code, or None when it did not end."""


def trouble(tool: Tool, path: str | None = None, run: Runner | None = None) -> str | None:
    """Say what is wrong with a tool, or None when it can be used.

    Args:
        tool: the program.
        path: the PATH it is looked up in, that of the service (default: this process's).
        run: tries the tool's `version` arguments; without it the file alone is looked at.

    Returns:
        a few words (`is not installed`), for people.
    """
    found = shutil.which(tool.executable, path=path)
    if found is None:
        there = _plain_file(tool.executable, os.environ.get("PATH", "") if path is None else path)
        return f"is not executable ({there})" if there else "is not installed"
    if run is None or not tool.version:
        return None
    code = run((found, *tool.version), PATIENCE)
    if code is None:
        return f"does not answer `{' '.join(tool.version)}` within {PATIENCE:g} s ({found})"
    if code == NOT_FOUND:
        return f"is only a stub of something that is not installed ({found} exits with {NOT_FOUND})"
    return f"does not work ({found} {' '.join(tool.version)} exits with {code})" if code else None


def _plain_file(name: str, path: str) -> Path | None:
    return next((file for part in path.split(os.pathsep) if part and (file := Path(part) / name).is_file()), None)
