"""What to tell the user about an env file that others can read: on this machine, or in the repository."""

from __future__ import annotations

import stat
import struct
from collections.abc import Iterable, Iterator
from pathlib import Path

from hybrid_tasks.env.masking import is_secret
from hybrid_tasks.env.variable import Variable, named

_EXAMPLES = ("example", "sample", "template", "dist", "default", "defaults")
_OTHERS = stat.S_IRGRP | stat.S_IROTH
_ENTRY = 62  # bytes of an index entry before its name
_LARGEST_INDEX = 64 * 1024 * 1024
_EXTENDED, _COMPRESSED = 3, 4  # index versions with longer flags, and with shortened names


def concerns(path: Path, variables: Iterable[Variable], root: Path | None = None) -> list[str]:
    """What is worrying about where an env file is kept.

    Args:
        path: the file.
        variables: what it holds.
        root: the project's directory, for shorter file names.

    Returns:
        at most two sentences, without any value.
    """
    shown = named(path, root)
    secrets = sorted(variable.name for variable in variables if is_secret(variable.name, variable.value))
    found = []
    mode = _mode(path)
    if secrets and mode & _OTHERS:
        found.append(f"{shown} holds `{secrets[0]}` and others on this machine can read it; `chmod 600 {shown}`")
    if (secrets or _private(path.name)) and tracked_by_git(path):
        found.append(f"{shown} is tracked by git; `git rm --cached {shown}` and add it to .gitignore")
    return found


def tracked_by_git(path: Path) -> bool:
    """Whether git has a file in its index (read directly: starting git costs more than the question is worth).

    Args:
        path: the file; a symbolic link is asked about, not followed.

    Returns:
        False also when there is no repository or its index is of an unknown form.
    """
    try:
        place = path.parent.resolve() / path.name
        for directory in place.parents:
            if (index := _index(directory)) is not None:
                name = place.relative_to(directory).as_posix().encode("utf-8", "surrogateescape")
                if index.stat().st_size > _LARGEST_INDEX:
                    return False
                data = index.read_bytes()
                return name in _names(data)
    except (OSError, struct.error, ValueError, IndexError):
        pass
    return False


def _private(name: str) -> bool:
    """Whether a file's name says that it is somebody's own: `.env`, `.env.local`, not `.env.example`."""
    return name == ".env" or (name.startswith(".env.") and not name.lower().endswith(_EXAMPLES))


def _mode(path: Path) -> int:
    try:
        return path.stat().st_mode
    except OSError:
        return 0


def _index(directory: Path) -> Path | None:
    """The index of the repository whose working tree begins here."""
    git = directory / ".git"
    if git.is_file():  # a worktree or a submodule names its real directory
        first = git.read_text("utf-8", "surrogateescape").partition("\n")[0]
        git = directory / first.removeprefix("gitdir:").strip()
    index = git / "index"
    return index if index.is_file() else None


def _names(data: bytes) -> Iterator[bytes]:
    """The file names of an index, version 2 to 4 (https://git-scm.com/docs/index-format)."""
    signature, version, count = struct.unpack_from(">4sII", data)
    if signature != b"DIRC":
        return
    at, previous = 12, b""
    for _ in range(count):
        start = at
        (flags,) = struct.unpack_from(">H", data, at + _ENTRY - 2)
        at += _ENTRY + (2 if version >= _EXTENDED and flags & 0x4000 else 0)
        if version >= _COMPRESSED:
            drop, at = _number(data, at)
            end = data.index(b"\0", at)
            previous = previous[: len(previous) - drop] + data[at:end]
            at = end + 1
        else:
            end = data.index(b"\0", at)
            previous = data[at:end]
            at = start + ((end - start + 8) & ~7)
        yield previous


def _number(data: bytes, at: int) -> tuple[int, int]:
    """The number of variable length at this place, and the place behind it."""
    value = data[at] & 0x7F
    while data[at] & 0x80:
        at += 1
        value = ((value + 1) << 7) | (data[at] & 0x7F)
    return value, at + 1
