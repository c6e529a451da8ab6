"""The walk that every part of the watching shares: which directories of a service are entered, each once.

Ignored directories are pruned before they are opened. Symlinked directories are followed, after all real ones, so that
a directory reachable both ways keeps its real path and a loop ends where it began. Deciding by identity (device and
inode) and not by name also covers bind mounts.
"""

# plain strings: path objects for 50,000 files would cost more than reading them
# ruff: noqa: PTH116, PTH119
from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from hybrid_tasks.engine.matcher import GITIGNORE, Matcher, Scope

Identity = tuple[int, int]
"""Device and inode of a directory."""

_Pending = tuple[str, Scope, bool]
"""A directory to enter, the rules inside it (for a root) or its parent, whether it is a root."""


@dataclass(slots=True)
class Directory:
    """One directory that is watched: its path, rules, and everything in it that is no directory."""

    path: str
    identity: Identity
    scope: Scope
    files: list[os.DirEntry[str]]
    directories: list[str]


Found = Callable[[Matcher, Directory], None]
"""Told of each directory of a walk, with the rules of the walk."""


class Walk:
    """A walk over what one service watches; each directory is entered under one path.

    Args:
        matcher: the service's rules.
        seen: which directory was entered under which path; added to.
        arrive: called with each directory just before it is listed, so that a watch placed there misses nothing.
        skip: directories not entered.
    """

    def __init__(
        self,
        matcher: Matcher,
        seen: dict[Identity, str],
        arrive: Callable[[str], object] | None = None,
        skip: frozenset[str] = frozenset(),
    ) -> None:
        self._matcher = matcher
        self._seen = seen
        self._arrive = arrive
        self._skip = skip

    def roots(self, only: str | None = None) -> Iterator[Directory]:
        """Walk all roots, or one of them.

        Yields:
            each directory once, parents first.
        """
        roots = self._matcher.roots if only is None else (only,)
        yield from self._walk([(root, self._matcher.scope(root), True) for root in reversed(roots)])

    def below(self, path: str, outer: Scope) -> Iterator[Directory]:
        """Walk one directory that is not ignored: new, moved here, or to be looked at again.

        Args:
            path: the directory.
            outer: the rules inside its parent.

        Yields:
            each directory once, parents first; nothing when another path that was entered before leads there.
        """
        yield from self._walk([(path, outer, False)])

    def _walk(self, pending: list[_Pending]) -> Iterator[Directory]:
        linked: list[_Pending] = []
        while pending or linked:
            path, scope, is_root = pending.pop() if pending else linked.pop(0)
            identity = None if path in self._skip else identify(path)
            if identity is None or _entered_elsewhere(path, identity, self._seen):
                continue
            if self._arrive is not None:
                self._arrive(path)
            found = _look(path)
            if found is None:
                continue
            self._seen[identity] = path
            entries, links, names = found
            if not is_root:
                inside = GITIGNORE in [entry.name for entry in entries]
                scope = self._matcher.enter(scope, path, os.path.basename(path), rules_inside=inside)
            base = path if path.endswith("/") else f"{path}/"
            kept = [name for name in names if not self._matcher.prunes(scope, base + name, name)]
            follow = [name for name in links if not self._matcher.prunes(scope, base + name, name)]
            pending.extend((base + name, scope, False) for name in reversed(kept))
            linked.extend((base + name, scope, False) for name in follow)
            yield Directory(path, identity, scope, entries, kept + follow)


def identify(path: str) -> Identity | None:
    """Give a directory's identity, or None when there is nothing at this path."""
    try:
        status = os.stat(path)
    except (OSError, ValueError):
        return None
    return status.st_dev, status.st_ino


def _entered_elsewhere(path: str, identity: Identity, seen: dict[Identity, str]) -> bool:
    """Whether a directory was entered under another path that still leads to it."""
    other = seen.get(identity)
    return other is not None and other != path and identify(other) == identity


def _look(path: str) -> tuple[list[os.DirEntry[str]], list[str], list[str]] | None:
    """List a directory: what is no directory, links to directories, directories. None when it is none."""
    entries: list[os.DirEntry[str]] = []
    links: list[str] = []
    names: list[str] = []
    try:
        with os.scandir(path) as found:
            for entry in found:
                try:
                    is_dir = entry.is_dir()
                except OSError:
                    is_dir = False  # a link to itself
                if not is_dir:
                    entries.append(entry)
                elif entry.is_symlink():
                    links.append(entry.name)
                else:
                    names.append(entry.name)
    except NotADirectoryError:
        return None
    except OSError:
        pass  # unreadable or gone meanwhile: watched if possible, empty for now
    return entries, links, names
