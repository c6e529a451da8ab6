"""Whether a directory is a Python service, how surely, and why we think so."""

from __future__ import annotations

import shlex
from pathlib import Path

from hybrid_stack_python.commands import dockerfile_command
from hybrid_stack_python.entry import Application, Entry, Module, Script
from hybrid_stack_python.finding import MANIFESTS, hinted, read
from hybrid_tasks.api import Detected

COMMAND, DOCKERFILE, APPLICATION, SCRIPT, MANIFEST = 90, 85, 80, 50, 10


def detect(directory: Path, dockerfile: Path | None, command: tuple[str, ...] | None) -> Detected | None:
    """Say whether this is a Python service: by its command, its Dockerfile, its source, its manifest."""
    if not directory.is_dir():
        return None
    if command and (entry := hinted(directory, command)) is not None:
        return Detected(COMMAND, f"command `{shlex.join(command)}`", _options(directory, entry))
    words = dockerfile_command(dockerfile or directory / "Dockerfile")
    if words and (entry := hinted(directory, words)) is not None:
        return Detected(DOCKERFILE, f"Dockerfile runs `{shlex.join(words)}`", _options(directory, entry))
    entry = read(directory, dockerfile)
    if isinstance(entry, Application):
        where = entry.file.relative_to(directory) if entry.file is not None else directory
        return Detected(APPLICATION, f"ASGI application `{entry.attribute}` in {where}", _options(directory, entry))
    if entry is not None:
        named = entry.file.name if isinstance(entry, Script) else f"{entry.module}/__main__.py"
        return Detected(SCRIPT, f"script {named}", _options(directory, entry))
    manifest = next((name for name in MANIFESTS if (directory / name).is_file()), None)
    return None if manifest is None else Detected(MANIFEST, f"{manifest}, but no program was found")


def _options(directory: Path, entry: Entry) -> dict[str, object]:
    if isinstance(entry, Application):
        return {"app": entry.spelled, **({"factory": True} if entry.factory else {})}
    if isinstance(entry, Module):
        return {"module": entry.module}
    return {"script": str(entry.file.relative_to(directory))}
