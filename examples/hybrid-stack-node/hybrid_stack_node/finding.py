"""Finding what a directory's Node.js program is, by reading it."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hybrid_stack_node.options import NodeOptions
from hybrid_tasks.api import Detected, WrongInput

USUAL = ("server", "index", "app", "main")
SUFFIXES = (".js", ".mjs", ".cjs")


@dataclass(frozen=True, slots=True)
class Entry:
    """The file to run, with its arguments.

    Args:
        file: relative to the service's directory.
        arguments: what its `start` script gives it.
        needs_packages: `package.json` names dependencies.
        takes_a_socket: its source knows `LISTEN_FDS`, so a new version can start beside the old one.
    """

    file: Path
    arguments: tuple[str, ...] = ()
    needs_packages: bool = False
    takes_a_socket: bool = False


def manifest(directory: Path) -> Mapping[str, Any]:
    """Give `package.json`, empty where there is none or where it is being written."""
    try:
        found = json.loads((directory / "package.json").read_text("utf-8-sig"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def find(directory: Path, words: Sequence[str] = (), script: str | None = None) -> Entry | None:
    """Give the program: `script`, what a command starts, the `start` script, `main`, or a file with a usual name."""
    package = manifest(directory)
    scripts = package.get("scripts")
    start = _split(scripts.get("start") if isinstance(scripts, dict) else None)
    named: list[Sequence[object]] = [(script,), _started(words), _started(start), (package.get("main"),)]
    usual = [(f"{folder}{name}{suffix}",) for folder in ("", "src/") for name in USUAL for suffix in SUFFIXES]
    for file, *arguments in (*named, *usual):
        if isinstance(file, str) and file and (directory / file).is_file():
            text = (directory / file).read_text("utf-8", "replace")
            given = tuple(str(word) for word in arguments)
            return Entry(Path(file), given, bool(package.get("dependencies")), "LISTEN_FDS" in text)
    return None


def _split(line: object) -> list[str]:
    try:
        return shlex.split(line) if isinstance(line, str) else []
    except ValueError:
        return []


def _started(words: Sequence[str]) -> tuple[str, ...]:
    if not words or words[0].rpartition("/")[2] != "node":
        return ("",)
    rest = list(words[1:])
    while rest and rest[0].startswith("-"):
        del rest[0]
    return tuple(rest) or ("",)


def entry_of(name: str, directory: Path, options: NodeOptions) -> Entry:
    """Give a service's program.

    Raises:
        WrongInput: there is none; the message says what to write.
    """
    entry = find(directory, script=options.script)
    if entry is None or (options.script is not None and entry.file != Path(options.script)):
        raise WrongInput(f"no program was found in {directory}", f'set [services.{name}.node] script = "server.js"')
    return entry


def scored(directory: Path, command: Sequence[str] | None) -> Detected | None:
    """Say how surely a directory is a Node.js service, and why: 0 to 100, the highest of all stacks wins."""
    found = find(directory, command or ())
    if command and found is not None and str(found.file) in command:
        return Detected(90, f"command `{shlex.join(command)}`", {"script": str(found.file)})
    if not (directory / "package.json").is_file():
        return Detected(30, f"{found.file}, but no package.json") if found is not None else None
    if found is None:
        return Detected(10, "package.json, but no program was found")
    return Detected(70, f"package.json and {found.file}")
