"""Whether a directory is a Python service, how surely, and why we think so."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

from hybrid_stack_python.commands import dockerfile_command
from hybrid_stack_python.entry import UVICORN, Application, Entry, Module, Script
from hybrid_stack_python.finding import MANIFESTS, hinted, read, runnable
from hybrid_stack_python.servers import serves
from hybrid_tasks.api import Detected

COMMAND, DOCKERFILE, APPLICATION, SERVER, SCRIPT, BELOW, MANIFEST = 90, 85, 80, 78, 50, 20, 10


def detect(directory: Path, dockerfile: Path | None, command: tuple[str, ...] | None) -> Detected | None:
    """Say whether this is a Python service: by its command, its Dockerfile, its source, its manifest."""
    if not directory.is_dir():
        return None
    if command and (entry := hinted(directory, command)) is not None:
        served = isinstance(entry, Application)
        return Detected(COMMAND, f"command `{shlex.join(command)}`", _options(directory, entry), needs_port=served)
    words = dockerfile_command(dockerfile or directory / "Dockerfile")
    if words and (entry := hinted(directory, words)) is not None:
        options = _options(directory, entry) if dockerfile is not None or _alone(directory, entry) else {}
        served = isinstance(entry, Application)
        return Detected(DOCKERFILE, f"Dockerfile runs `{shlex.join(words)}`", options, needs_port=served)
    entry = read(directory, dockerfile)
    if isinstance(entry, Application):
        where = entry.file.relative_to(directory) if entry.file is not None else directory
        options = _options(directory, entry) if _alone(directory, entry) else {}
        said = f"ASGI application `{entry.attribute}` in {where}"
        if entry.file is not None and _of_its_own(directory, entry.file):
            return Detected(BELOW, f"{said}, a service of its own", options, needs_port=True)
        return Detected(APPLICATION, said, options, needs_port=True)
    if isinstance(entry, Script) and serves(entry.file):
        options = _options(directory, entry) if _alone(directory, entry) else {}
        return Detected(SERVER, f"server script {entry.file.name}", options)
    if entry is not None:
        spelled = entry.file.name if isinstance(entry, Script) else f"{entry.module}/__main__.py"
        return Detected(SCRIPT, f"script {spelled}")
    manifest = next((name for name in MANIFESTS if (directory / name).is_file()), None)
    return None if manifest is None else Detected(MANIFEST, f"{manifest}, but no program was found")


def _of_its_own(directory: Path, file: Path) -> bool:
    """Whether an application below a directory is a service of the folder that holds it, and not of the directory.

    It is, where the folder has a manifest of its own; without any manifest, where it is no package either.
    """
    folder = file.parent
    if folder == directory:
        return False
    between = [folder, *folder.parents]
    between = between[: between.index(directory)]
    if any((one / name).is_file() for one in between for name in MANIFESTS):
        return True
    if any((directory / name).is_file() for name in MANIFESTS) or "src" in {one.name for one in between}:
        return False
    text = file.read_text("utf-8", "replace")
    as_package = re.search(rf"^(?:from|import)[ \t]+(?:\.|{re.escape(folder.name)}\b)", text, re.MULTILINE)
    return not (folder / "__init__.py").is_file() and as_package is None


def _alone(directory: Path, entry: Entry) -> bool:
    """Whether no other program lies beside it: between several the service's name decides later, not we now."""
    file = entry.root / "__main__.py" if isinstance(entry, Module) else entry.file
    return all(other == file for other in runnable(directory))


def _options(directory: Path, entry: Entry) -> dict[str, object]:
    if isinstance(entry, Application):
        server = {} if entry.server == UVICORN else {"server": entry.server}
        return {"app": entry.spelled, **server}
    if isinstance(entry, Module):
        return {"module": entry.module}
    return {"script": str(entry.file.relative_to(directory))}
