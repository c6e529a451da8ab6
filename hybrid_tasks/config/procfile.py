"""The lines of a Procfile, for people who come from foreman, honcho or overmind."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from pathlib import Path

NAMES = ("Procfile.dev", "Procfile")
"""The first that is there is read; the other one is for production."""

_LINE = re.compile(r"([A-Za-z0-9_-]+)[ \t]*:[ \t]*(\S.*)")
_SHELL = re.compile(r"[$`|&;<>()*?~]|^\s*[A-Za-z_]\w*=")
_PORT = re.compile(r"\$\{?PORT\b")
_FIRST_PORT, _STRIDE = 5000, 100
_LARGEST = 1 << 16


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a Procfile.

    Args:
        name: as written.
        argv: the command; through a shell where it needs one.
        port: what foreman gives it in `$PORT`, when it asks for one.
    """

    name: str
    argv: tuple[str, ...]
    port: int | None = None


def entries(file: Path) -> list[Entry]:
    """Read a Procfile.

    Args:
        file: its path.

    Returns:
        its lines, those that are none left out.
    """
    try:
        with file.open(encoding="utf-8-sig", errors="replace") as stream:
            lines = stream.read(_LARGEST).splitlines()
    except OSError:
        return []
    found: list[Entry] = []
    for line in lines:
        match = _LINE.fullmatch(line.strip())
        if match is None or "\0" in line:
            continue
        port = _FIRST_PORT + _STRIDE * len(found) if _PORT.search(match[2]) else None
        found.append(Entry(match[1], _argv(match[2].strip()), port))
    return found


def _argv(command: str) -> tuple[str, ...]:
    if not _SHELL.search(command):
        try:
            words = tuple(shlex.split(command))
        except ValueError:
            words = ()
        if words and words[0]:
            return words
    # `exec` so that the signal that ends the service reaches it and not the shell.
    alone = not re.search(r"[|&;]|^\s*[A-Za-z_]\w*=", command)
    return ("sh", "-c", f"exec {command}" if alone else command)
