"""Whether a directory is a Rust service, how surely, and why we think so."""

from __future__ import annotations

import shlex
from pathlib import Path

from hybrid_stack_rust.finding import Binary, candidates, dockerfile_binaries, narrowed, told
from hybrid_stack_rust.manifests import manifest, package
from hybrid_tasks.api import Detected, WrongInput

COMMAND, DOCKERFILE, BINARY, BINARIES, BROKEN, MANIFEST = 90, 85, 80, 70, 20, 10


def detect(directory: Path, dockerfile: Path | None, command: tuple[str, ...] | None) -> Detected | None:
    """Say whether this is a Rust service: by its command, its Dockerfile, its binaries, its manifest."""
    try:
        if manifest(directory) is None:
            return None
        found = candidates(directory)
    except WrongInput as error:
        return Detected(BROKEN, error.message)
    if not found:
        return Detected(MANIFEST, "Cargo.toml, but no binary")
    if command and (named := told(command, found)):
        return _found(COMMAND, f"command `{shlex.join(command)}`", directory, named)
    if named := dockerfile_binaries(dockerfile or directory / "Dockerfile", found):
        return _found(DOCKERFILE, f"Dockerfile builds {named[0].spelled}", directory, named)
    found = narrowed(found, (directory.name,))
    spelled = ", ".join(one.spelled for one in found)
    score = BINARY if len(found) == 1 else BINARIES
    return _found(score, f"Cargo.toml with {'binary' if len(found) == 1 else 'binaries'} {spelled}", directory, found)


def _found(score: int, evidence: str, directory: Path, found: list[Binary]) -> Detected:
    if len(found) != 1 or candidates(directory) == found:
        return Detected(score, evidence)  # nothing to choose, or the user must
    own = package(directory)
    named = {"bin": found[0].name}
    if own is None or own.name != found[0].package.name:
        named["package"] = found[0].package.name
    return Detected(score, evidence, dict(named))
