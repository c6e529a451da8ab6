"""Whether a directory is a Python service, how surely, and why we think so."""

from __future__ import annotations

import shlex
from pathlib import Path

from hybrid_stack_python.commands import dockerfile_command
from hybrid_stack_python.entry import Application, Entry, Module, Script
from hybrid_stack_python.finding import MANIFESTS, hinted, read, runnable
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
        options = _options(directory, entry) if dockerfile is not None or _alone(directory, entry) else {}
        return Detected(DOCKERFILE, f"Dockerfile runs `{shlex.join(words)}`", options)
    entry = read(directory, dockerfile)
    if isinstance(entry, Application):
        where = entry.file.relative_to(directory) if entry.file is not None else directory
        options = _options(directory, entry) if _alone(directory, entry) else {}
        return Detected(APPLICATION, f"ASGI application `{entry.attribute}` in {where}", options)
    if entry is not None:
        spelled = entry.file.name if isinstance(entry, Script) else f"{entry.module}/__main__.py"
        return Detected(SCRIPT, f"script {spelled}")
    manifest = next((name for name in MANIFESTS if (directory / name).is_file()), None)
    return None if manifest is None else Detected(MANIFEST, f"{manifest}, but no program was found")


def _alone(directory: Path, entry: Entry) -> bool:
    """Whether no other program lies beside it: between several the service's name decides later, not we now."""
    file = entry.root / "__main__.py" if isinstance(entry, Module) else entry.file
    return all(other == file for other in runnable(directory))


def _options(directory: Path, entry: Entry) -> dict[str, object]:
    if isinstance(entry, Application):
        return {"app": entry.spelled}
    if isinstance(entry, Module):
        return {"module": entry.module}
    return {"script": str(entry.file.relative_to(directory))}
