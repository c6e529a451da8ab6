"""The content of a tree as one mapping, kept per directory so that 50,000 files need no 50,000 path objects."""

# plain strings: path objects for 50,000 files would cost more than reading them
# ruff: noqa: PTH118
from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from hybrid_tasks.engine.content import STAMP

Folders = Mapping[str, Mapping[str, bytes]]
"""For each directory the state (stamp and digest) of its files by name; the files under `""` are whole paths."""


class Files(Mapping[Path, bytes]):
    """The digest of every file, by path; directories that did not change are shared between snapshots.

    Args:
        folders: states by directory and name; never modified afterwards.
    """

    __slots__ = ("folders",)

    def __init__(self, folders: Folders) -> None:
        self.folders = folders

    def __getitem__(self, path: Path) -> bytes:
        directory, name = os.path.split(path)
        found = self.folders.get(directory, {}).get(name) or self.folders.get("", {}).get(os.fspath(path))
        if found is None:
            raise KeyError(path)
        return found[STAMP:]

    def __iter__(self) -> Iterator[Path]:
        for directory, names in self.folders.items():
            for name in names:
                yield Path(directory, name)

    def __len__(self) -> int:
        return sum(map(len, self.folders.values()))


def mark(place: str, names: Mapping[str, bytes]) -> int:
    """Reduce one directory to a number; the sum of all numbers identifies the tree.

    Args:
        place: the directory's path relative to the project, so that a clone elsewhere has the same number.
        names: states by name.

    Returns:
        a number that depends on names and content only; 0 for no files.
    """
    if not names:
        return 0
    found = hashlib.blake2b(os.fsencode(place), digest_size=16)
    for name in sorted(names):
        found.update(b"\0" + os.fsencode(name) + b"\0" + names[name][STAMP:])
    return int.from_bytes(found.digest(), "big")


def differences(old: Folders, new: Folders) -> Iterator[tuple[str, bytes | None, bytes | None]]:
    """Compare two trees, looking only into directories that are not the very same object.

    Yields:
        a path with its digest before and after, None where there was no such file.
    """
    for directory in old.keys() | new.keys():
        before = old.get(directory, {})
        after = new.get(directory, {})
        if before is after:
            continue
        for name in before.keys() | after.keys():
            was = before.get(name)
            now = after.get(name)
            digests = (was[STAMP:] if was is not None else None, now[STAMP:] if now is not None else None)
            if digests[0] != digests[1]:
                yield os.path.join(directory, name), *digests
