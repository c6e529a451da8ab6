"""What is watched of a service, and what a save looks like."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Watch:
    """The files whose content decides what a service runs.

    Args:
        roots: directories (or single files) looked at, absolute.
        include: gitignore patterns of the files that count; empty means every file.
        ignore: gitignore patterns left out on top of .gitignore and the built-in ones.
        apart: files and directories left out, absolute; one that is a root is looked at all the same.
    """

    roots: tuple[Path, ...]
    include: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    apart: tuple[Path, ...] = ()


class ChangeKind(Enum):
    """What happened to a file's content."""

    ADDED = "added"
    MODIFIED = "modified"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True)
class Change:
    """One file whose content differs from what the running version was built from."""

    path: Path
    kind: ChangeKind


@dataclass(frozen=True, slots=True)
class Burst:
    """All changes seen together, sorted by path."""

    changes: tuple[Change, ...]

    @property
    def files(self) -> tuple[Path, ...]:
        """The changed files."""
        return tuple(change.path for change in self.changes)


@dataclass(frozen=True, slots=True)
class Debounce:
    """Seconds of quiet before a switch, and the longest a switch is delayed by a steady stream of saves."""

    quiet: float = 0.015
    limit: float = 10.0


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The content of a service's watched files at one moment.

    `fingerprint` depends on paths and content only, never on times.
    """

    files: Mapping[Path, bytes]
    fingerprint: str
