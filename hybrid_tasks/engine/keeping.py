"""Keeping what the last good version needs: build folders, or a copy of its source when nothing is built."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from hybrid_tasks.engine.content import STAMP, read_state

LEFT_OUT = frozenset({".hybrid", ".git"})
_ENV_FILE = re.compile(r"\.env(\..+)?|.+\.env")
"""Files with secrets, of which there should be no second copy: they are linked."""


def place_for(folder: Path, number: int) -> Path:
    """Name a directory for a build that nobody else uses.

    Args:
        folder: the service's artefacts.
        number: counts up over the builds of one supervisor.
    """
    return folder / f"{os.getpid()}-{number}"


def clear(place: Path) -> None:
    """Remove what a supervisor of the same pid may have left where a build will be; blocks.

    Args:
        place: as `place_for` names it.
    """
    if place.exists():
        shutil.rmtree(place)


def fresh(place: Path) -> Path:
    """Make an empty directory for a build, and give it; blocks.

    Args:
        place: as `place_for` names it.
    """
    clear(place)
    place.mkdir(parents=True)
    return place


def discard(folder: Path, keep: Collection[Path]) -> None:
    """Remove the builds that no version needs any more.

    Args:
        folder: the service's artefacts; only directories right below it are touched.
        keep: those that stay.
    """
    if not folder.is_dir():
        return
    for place in folder.iterdir():
        if place not in keep and place.is_dir() and not place.is_symlink():
            shutil.rmtree(place, ignore_errors=True)


@dataclass(frozen=True, slots=True)
class Copy:
    """A copy of a service's source.

    Args:
        root: stands in for `base`.
        base: the service's directory.
        files: what was to be copied, with the digest of each; those outside `base` and files with
            secrets are not copied.
    """

    root: Path
    base: Path
    files: Mapping[Path, bytes]


def copy_source(files: Mapping[Path, bytes], base: Path, place: Path) -> Copy:
    """Copy source files, so that they can be run when the tree holds something broken.

    What lies beside them and is not watched (dependencies, data) is linked, so that the copy can stand in for
    the directory: a program started there finds and writes what it would have found and written. What has gone or
    cannot be read by now is missing; `differing` finds it.

    Args:
        files: the watched files; those outside `base` are left out.
        base: the service's directory.
        place: an empty directory for the copy.

    Returns:
        the copy.
    """
    root = place / "source"
    wanted: dict[Path, set[str]] = {base: set()}
    for file in files:
        if file.is_relative_to(base):
            for folder in file.relative_to(base).parents:
                wanted.setdefault(base / folder, set())
            wanted[file.parent].add(file.name)
    for folder, names in wanted.items():
        target = root / folder.relative_to(base)
        target.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(OSError):
            for entry in os.scandir(folder):
                beside = target / entry.name
                if entry.name in names and not _ENV_FILE.fullmatch(entry.name):
                    with contextlib.suppress(OSError):
                        shutil.copy2(entry.path, beside)
                elif Path(entry.path) not in wanted and entry.name not in LEFT_OUT:
                    beside.symlink_to(entry.path)
    return Copy(root, base, files)


def differing(copy: Copy) -> tuple[tuple[Path, ...], tuple[Path, ...]]:
    """Read a copy again, and find what is not what it was made of.

    Args:
        copy: as `copy_source` made it.

    Returns:
        the differing files in the copy, and those that were not copied because they lie outside; sorted, under the
        names that they have in the tree.
    """
    inside: list[Path] = []
    outside: list[Path] = []
    for file, digest in copy.files.items():
        is_copied = file.is_relative_to(copy.base) and not _ENV_FILE.fullmatch(file.name)
        state = read_state(str(copy.root / file.relative_to(copy.base) if is_copied else file))
        if state is None or state[STAMP:] != digest:
            (inside if is_copied else outside).append(file)
    return tuple(sorted(inside)), tuple(sorted(outside))
