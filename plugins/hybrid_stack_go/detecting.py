"""Whether a directory is a Go service, how surely, and why we think so."""

from __future__ import annotations

import shlex
from pathlib import Path

from hybrid_stack_go.finding import (
    COMMAND,
    DOCKERFILE,
    LOOSE,
    MAIN,
    MAINS,
    MANIFEST,
    candidates,
    dockerfile_main,
    has_module,
    told,
)
from hybrid_tasks.api import Detected


def detect(directory: Path, dockerfile: Path | None, command: tuple[str, ...] | None) -> Detected | None:
    """Say whether this is a Go service: by its command, its Dockerfile, its main packages, its module."""
    if not directory.is_dir():
        return None
    if command and (main := told(command, directory)) is not None:
        return _found(COMMAND, f"command `{shlex.join(command)}`", directory, [main])
    built = dockerfile_main(dockerfile or directory / "Dockerfile", directory)
    if built is not None:
        # A Dockerfile that was named is this service's; one that lies here may be another's of the same directory.
        named = [built] if dockerfile is not None else candidates(directory)
        return _found(DOCKERFILE, f"Dockerfile builds {_spelled(built, directory)}", directory, named)
    found = candidates(directory)
    module = has_module(directory)
    if not found:
        return Detected(MANIFEST, "go.mod, but no main package") if (directory / "go.mod").is_file() else None
    spelled = ", ".join(_spelled(place, directory) for place in found)
    if not module:
        return _found(LOOSE, f"package main in {spelled}, but no go.mod", directory, found)
    if len(found) > 1:
        return _found(MAINS, f"go.mod and several programs: {spelled}", directory, found)
    return _found(MAIN, f"go.mod and package main in {spelled}", directory, found)


def _found(score: int, evidence: str, directory: Path, found: list[Path]) -> Detected:
    # The directory's own program needs no option; which of several it is the user must say.
    named = {"main": _spelled(found[0], directory)} if len(found) == 1 and found[0] != directory else {}
    return Detected(score, evidence, named)


def _spelled(place: Path, directory: Path) -> str:
    return "." if place == directory else f"./{place.relative_to(directory).as_posix()}"
