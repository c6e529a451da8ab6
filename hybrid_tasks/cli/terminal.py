"""Programs on the user's own terminal: `dev-debug` becomes one, `dev-test` and steps wait for them."""

from __future__ import annotations

import errno
from pathlib import Path
from typing import Any, NoReturn

from hybrid_tasks.errors import Code, HybridError
from hybrid_tasks.process import terminal


def become(told: Any, subject: str) -> NoReturn:
    """Turn this process into a program.

    Args:
        told: `argv`, `cwd` and `env`, as the supervisor gave them.
        subject: what it is for, for the error.

    Raises:
        HybridError: it cannot be started.
    """
    argv, env, cwd = _parts(told, subject)
    try:
        terminal.become(argv, env, cwd)
    except OSError as error:
        raise _no_folder(cwd, error, subject) from None


def run(told: Any, subject: str) -> int:
    """Run a program and wait for it.

    Args:
        told: `argv`, `cwd` and `env`, as the supervisor gave them.
        subject: what it is for, for the error.

    Returns:
        its exit code, 128 and more when a signal ended it.

    Raises:
        HybridError: it cannot be started.
    """
    argv, env, cwd = _parts(told, subject)
    try:
        return terminal.run(argv, env, cwd)
    except OSError as error:
        raise _no_folder(cwd, error, subject) from None


def _parts(told: Any, subject: str) -> tuple[list[str], dict[str, str], Path]:
    entry = told if isinstance(told, dict) else {}
    argv, env, cwd = entry.get("argv"), entry.get("env"), entry.get("cwd")
    if not isinstance(argv, list) or not argv or not isinstance(env, dict) or not isinstance(cwd, str):
        raise HybridError("the supervisor named no program", code=Code.UNEXPECTED, subject=subject)
    return [str(word) for word in argv], {str(name): str(value) for name, value in env.items()}, Path(cwd)


def _no_folder(cwd: Path, error: OSError, subject: str) -> HybridError:
    if error.errno in {errno.ENOENT, errno.ENOTDIR, errno.EACCES}:
        return HybridError(f"cannot go to `{cwd}`: {error.strerror}", subject=subject)
    return HybridError(f"cannot start it in `{cwd}`: {error.strerror or error}", subject=subject)
