"""Snapshots of a service's tree."""

from __future__ import annotations

import os
from pathlib import Path

from hybrid_tasks.engine.snapshot import Tree
from hybrid_tasks.model.watching import Snapshot, Watch


def tree_of(root: Path, *more: Path, **watch: tuple[str, ...]) -> Tree:
    """A tree that has been read once."""
    tree = Tree(Watch((root, *more), **watch), root.parent)
    tree.scan()
    return tree


def names(snapshot: Snapshot, root: Path) -> set[str]:
    """Its files, relative to a directory."""
    return {os.path.relpath(path, root) for path in snapshot.files}
