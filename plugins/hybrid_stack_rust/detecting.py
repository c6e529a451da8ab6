"""Whether a directory is a Rust service, how surely, and why we think so."""

from __future__ import annotations

import shlex
from pathlib import Path

from hybrid_stack_rust.finding import Binary, candidates, dockerfile_binaries, told
from hybrid_stack_rust.manifests import manifest
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
        return _found(COMMAND, f"command `{shlex.join(command)}`", named)
    if built := dockerfile_binaries(dockerfile or directory / "Dockerfile", found):
        # A Dockerfile that was named is this service's; one that lies here may be another's of the same directory.
        return _found(DOCKERFILE, f"Dockerfile builds {built[0].spelled}", built if dockerfile is not None else [])
    spelled = ", ".join(one.spelled for one in found)
    if len(found) > 1:
        return Detected(BINARIES, f"Cargo.toml with binaries {spelled}")
    return Detected(BINARY, f"Cargo.toml with binary {spelled}")


def _found(score: int, evidence: str, chosen: list[Binary]) -> Detected:
    return Detected(score, evidence, {"bin": chosen[0].spelled} if len(chosen) == 1 else {})
