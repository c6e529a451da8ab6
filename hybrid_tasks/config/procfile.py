"""The lines of a Procfile, for people who come from foreman, honcho or overmind."""

# ruff: noqa: PTH110, PTH112 - words may be longer than any name of a file, at which `Path.exists` and `is_dir` raise
from __future__ import annotations

import os
import re
import shlex
from dataclasses import dataclass
from pathlib import Path

NAMES = ("Procfile.dev", "Procfile")
"""The first that is there is read; the other one is for production."""

_LINE = re.compile(r"([A-Za-z0-9_-]+)[ \t]*:[ \t]*(\S.*)")
_SHELL = re.compile(r"[$`|&;<>()*?~]|^\s*[A-Za-z_]\w*=")
_PORT = re.compile(r"\$\{?PORT\b")
_CHANGES = re.compile(r"cd[ \t]+(?P<place>[^\s;&|$`<>()*?~]+)[ \t]*&&[ \t]*(?:exec[ \t]+)?(?P<rest>\S.*)")
_GIVEN = re.compile(
    r"(?<!\S)(?:PORT=|--(?:http-)?port(?:=|[ \t]+)|-p(?:=|[ \t]*)(?=[0-9]{4})"
    r"|(?:-b|--bind|--listen|--addr(?:ess)?|-S|runserver|http\.server)(?:=|[ \t]+)(?:[\w.\[\]:*-]*:)?)"
    r"([0-9]{2,5})(?![\w.:])"
)
"""How servers are commonly told their port: `--port 9000`, `-p 9000`, `--bind 0.0.0.0:9000`, `PORT=9000`."""
_FIRST_PORT, _STRIDE = 5000, 100
_LARGEST = 1 << 16


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a Procfile.

    Args:
        name: as written.
        argv: the command; through a shell where it needs one.
        port: the one that the command names; else what foreman gives it in `$PORT`, when it asks for one.
        directory: where it runs: that of the Procfile, or where the line goes first (`cd web && …`).
        names: the first directory below that one with a file or a module that the command names; None for none.
    """

    name: str
    argv: tuple[str, ...]
    port: int | None
    directory: Path
    names: Path | None = None


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
        directory, command = _place(file.parent, match[2].strip())
        port = _FIRST_PORT + _STRIDE * len(found) if _PORT.search(match[2]) else _given(match[2])
        argv = _argv(command)
        found.append(Entry(match[1], argv, port, directory, _named(directory, argv)))
    return found


def _place(directory: Path, command: str) -> tuple[Path, str]:
    """Where a line goes before it runs its command, and that command."""
    changes = _CHANGES.fullmatch(command)
    if changes is None:
        return directory, command
    place = Path(os.path.normpath(directory / changes["place"].strip("'\"")))
    inside = place.is_relative_to(directory) and os.path.isdir(place)
    return (place, changes["rest"]) if inside else (directory, command)


def _given(command: str) -> int | None:
    """The one port that a command names."""
    ports = {int(port) for port in _GIVEN.findall(command)} & set(range(1, 1 << 16))
    return ports.pop() if len(ports) == 1 else None


def _named(directory: Path, argv: tuple[str, ...]) -> Path | None:
    """The directory of the first file, directory or module below `directory` that a command names."""
    words = argv[2].split() if argv[:2] == ("sh", "-c") else argv
    for word in words:
        for spelled in (word, f"{word.split(':')[0].replace('.', '/')}.py"):
            path = Path(os.path.normpath(directory / spelled))
            if path != directory and path.is_relative_to(directory) and os.path.exists(path):
                place = path if path.is_dir() else path.parent
                return place if place != directory else None
    return None


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
