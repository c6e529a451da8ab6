"""The rules about paths: what a key may name, and whether it is there."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable
from pathlib import Path

from hybrid_tasks.config.findings import Findings
from hybrid_tasks.config.nearest import closest
from hybrid_tasks.config.positions import KeyPath
from hybrid_tasks.config.words import plain

_EXAMPLES = (".env.example", ".env.template", ".env.sample", "env.example", "example.env", ".env.dist")


def directory(root: Path, value: str, path: KeyPath, findings: Findings) -> Path | None:
    """Look at a directory of the project.

    Args:
        root: the project's.
        value: as written, relative to the project or absolute.
        path: the key that holds it.
        findings: where mistakes go.

    Returns:
        the directory, or None when it is a mistake.
    """
    place = _absolute(root, value)
    if not place.is_relative_to(root):
        findings.add(
            path, f"`{plain(value)}` is outside the project", "name a directory of the project, or move hybrid.toml up"
        )
        return None
    kind = _kind(place)
    if kind == "directory":
        return place
    if kind == "file":
        parent = os.path.relpath(place.parent, root)
        findings.add(path, f"`{plain(value)}` is a file, not a directory", f"name the directory: `{plain(parent)}`")
    else:
        findings.add(path, f"`{plain(value)}` {kind}", _cure(root, value))
    return None


def files(
    root: Path, values: Iterable[str], path: KeyPath, findings: Findings, near: Path | None = None
) -> tuple[Path, ...]:
    """Look at files that must be there.

    Args:
        root: the project's directory, which they are relative to.
        values: as written.
        path: the key that lists them.
        findings: where mistakes go.
        near: a directory that somebody may think they are relative to.

    Returns:
        those that are there.
    """
    found = []
    for index, value in enumerate(values):
        place = _absolute(root, value)
        kind = _kind(place)
        if kind == "file":
            found.append(place)
        elif kind == "directory":
            findings.add((*path, index), f"`{plain(value)}` is a directory, not a file", "name a file in it")
        elif near is not None and _kind(_absolute(near, value)) == "file":
            meant = os.path.relpath(_absolute(near, value), root)
            findings.add(
                (*path, index), f"`{plain(value)}` {kind} in the project's directory", f"write `{plain(meant)}`"
            )
        else:
            findings.add((*path, index), f"`{plain(value)}` {kind}", _cure(root, value))
    return tuple(found)


def watched(root: Path, base: Path, values: Iterable[str], path: KeyPath, findings: Findings) -> tuple[Path, ...]:
    """Look at files or directories to watch, inside the project or not.

    Args:
        root: the project's directory.
        base: the service's directory, which they are relative to.
        values: as written.
        path: the key that lists them.
        findings: where mistakes go.

    Returns:
        those that are there.
    """
    found = []
    for index, value in enumerate(values):
        place = _absolute(base, value)
        kind = _kind(place)
        if kind in {"file", "directory"}:
            found.append(place)
        else:
            seen = f" (seen from `{plain(os.path.relpath(base, root))}`)" if base != root else ""
            findings.add((*path, index), f"`{plain(value)}` {kind}{seen}", _cure(base, value))
    return tuple(found)


def _cure(base: Path, value: str) -> str:
    if value.startswith("~"):
        return "write the path out: `~` is not expanded"
    if "\\" in value:
        return f"write `{plain(value.replace(chr(92), '/'))}`: folders are separated by `/`"
    place = _absolute(base, value)
    try:
        names = {other.name for other in place.parent.iterdir()}
    except OSError:
        return "create it, or correct the path"
    example = next((name for name in _EXAMPLES if name in names), None)
    if place.name.startswith(".env") and example is not None:
        return f"copy it from the example: `cp {example} {plain(value)}`"
    meant = closest(place.name, names - {place.name})
    return f"did you mean `{plain(str(Path(value).parent / meant))}`?" if meant else "create it, or correct the path"


def _absolute(base: Path, value: str) -> Path:
    return Path(os.path.normpath(base / value))


def _kind(place: Path) -> str:
    """`file`, `directory`, or in words why it is neither."""
    try:
        mode = place.stat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        return "does not exist" if not place.is_symlink() else "is a link to nothing"
    except OSError as error:
        return f"cannot be looked at: {(error.strerror or 'unknown reason').lower()}"
    if stat.S_ISDIR(mode):
        return "directory" if os.access(place, os.R_OK | os.X_OK) else "cannot be looked at: permission denied"
    return "file" if stat.S_ISREG(mode) else "is neither a file nor a directory"
