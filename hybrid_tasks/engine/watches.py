"""Which watch stands for which directory of which service: the bookkeeping between inotify and the services.

One directory has one watch however many services look at it, and each service sees it under its own path (a symlink
leads several ways to one directory). A watch can also be there for a few names only: a root that is a single file, a
`.gitignore` above the roots, the place where a missing root would appear, the target of a symlinked file.
"""

# plain strings: path objects for 50,000 files would cost more than reading them
# ruff: noqa: PTH112, PTH113, PTH114, PTH120
from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field

from hybrid_tasks.engine.matcher import GITIGNORE, Matcher, Scope
from hybrid_tasks.engine.plan import Directory, Found, Identity, Walk


@dataclass(slots=True, eq=False)
class Owner:
    """A service whose files are watched.

    Args:
        name: the service.
        rules: gives its rules as they stand on disk now.
        skip: directories left to polling.
        matcher: its rules as of the last plan.
        paths: the watch of each directory, by path.
        seen: which directory was entered under which path.
        claims: where this service waits for a name: watch, name and claim.
    """

    name: str
    rules: Callable[[], Matcher]
    skip: frozenset[str] = frozenset()
    matcher: Matcher = field(init=False)
    paths: dict[str, int] = field(default_factory=dict)
    seen: dict[Identity, str] = field(default_factory=dict)
    claims: set[tuple[int, str, Claim]] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Claim:
    """An interest in one name: what to report when it changes, and whether the service's plan depends on it."""

    owner: Owner
    report: str
    replan: bool


@dataclass(slots=True)
class Node:
    """One watch: who sees the directory under which path with which rules, and who waits for which name."""

    views: list[tuple[Owner, str, Scope]] = field(default_factory=list)
    names: dict[str, set[Claim]] | None = None


class Watches:
    """All watches of a project.

    Args:
        add: places a watch on a directory and gives its number, the same for the same directory; -1 when it cannot
            be watched; raises OSError when a limit is reached.
        remove: takes watches away.
    """

    def __init__(self, add: Callable[[str], int], remove: Callable[[int], None]) -> None:
        self._add = add
        self._remove = remove
        self.nodes: dict[int, Node] = {}

    def plan(self, owner: Owner, found: Found | None = None) -> None:
        """Bring a service's watches in line with its rules and the disk.

        Args:
            owner: the service.
            found: told of each directory once it is watched.

        Raises:
            OSError: a limit is reached; some watches are placed.
        """
        owner.matcher = owner.rules()
        paths, claims = owner.paths, owner.claims
        owner.claims = set()
        owner.paths = {}
        owner.seen.clear()
        try:
            self._claim_rules(owner)
            owner.matcher = owner.rules()  # read once more: from here on we hear of every change of them
            for directory in self._walk(owner).roots():
                self._view(owner, directory)
                if found is not None:
                    found(owner.matcher, directory)
            self._claim_files(owner)
        finally:
            for path, number in paths.items():
                if owner.paths.get(path) != number:
                    self._unview(owner, path, number)
            for stale in claims - owner.claims:
                self._unclaim(*stale)

    def grow(self, owner: Owner, path: str, outer: Scope) -> None:
        """Watch a directory that appeared, with everything below it.

        Raises:
            OSError: a limit is reached.
        """
        for directory in self._walk(owner).below(path, outer):
            self._view(owner, directory)

    def link(self, owner: Owner, path: str) -> None:
        """Watch what a symlinked file leads to."""
        target = os.path.realpath(path)
        if target != path:
            self._claim(owner, target, report=path)

    def forget(self, owner: Owner, path: str) -> None:
        """Forget a directory that is gone or moved away, and everything below it."""
        prefix = path + "/"
        for known in [other for other in owner.paths if other == path or other.startswith(prefix)]:
            self._unview(owner, known, owner.paths.pop(known))

    def drop(self, owner: Owner) -> None:
        """Forget everything of a service."""
        for path, number in owner.paths.items():
            self._unview(owner, path, number)
        owner.paths.clear()
        owner.seen.clear()
        for number, name, claim in owner.claims:
            self._unclaim(number, name, claim)
        owner.claims.clear()

    def gone(self, number: int) -> list[tuple[Owner, str]]:
        """Take note that a watch ended by itself, because its directory was deleted.

        Returns:
            who watched it, under which path, and who waited for a name in it.
        """
        node = self.nodes.pop(number, None)
        if node is None:
            return []
        for owner, path, _ in node.views:
            if owner.paths.get(path) == number:
                del owner.paths[path]
        claims = [(name, claim) for name, found in (node.names or {}).items() for claim in found]
        for name, claim in claims:
            claim.owner.claims.discard((number, name, claim))
        return [(owner, path) for owner, path, _ in node.views] + [(claim.owner, claim.report) for _, claim in claims]

    def _walk(self, owner: Owner) -> Walk:
        return Walk(owner.matcher, owner.seen, lambda path: self._arrive(owner, path), owner.skip)

    def _arrive(self, owner: Owner, path: str) -> None:
        """Place the watch before the directory is listed, so that nothing slips in between."""
        number = self._add(path)
        if number < 0:
            return
        before = owner.paths.get(path)
        owner.paths[path] = number
        self.nodes.setdefault(number, Node())
        if before is not None and before != number:
            self._unview(owner, path, before)  # another directory took its place unseen

    def _view(self, owner: Owner, directory: Directory) -> None:
        number = owner.paths.get(directory.path)
        node = self.nodes.get(number) if number is not None else None
        if node is None:
            return
        node.views = [view for view in node.views if view[0] is not owner]
        node.views.append((owner, directory.path, directory.scope))
        for entry in directory.files:
            if entry.is_symlink() and owner.matcher.takes(directory.scope, entry.path, entry.name):
                self.link(owner, entry.path)

    def _unview(self, owner: Owner, path: str, number: int) -> None:
        node = self.nodes.get(number)
        if node is not None:
            node.views = [view for view in node.views if view[0] is not owner or view[1] != path]
            self._tidy(number, node)

    def _claim_rules(self, owner: Owner) -> None:
        matcher = owner.matcher
        for path in matcher.above:  # one root stands for all: looking at it means reading the rules again
            self._claim(owner, path, replan=True, report=matcher.roots[0])
        for root in matcher.roots:
            if root not in owner.skip:
                self._claim(owner, f"{root}/{GITIGNORE}", replan=True, report=root)

    def _claim_files(self, owner: Owner) -> None:
        for path in owner.matcher.files:
            self._claim(owner, path, replan=not os.path.isfile(path))
            if os.path.islink(path):
                self._claim(owner, os.path.realpath(path), report=path)

    def _claim(self, owner: Owner, path: str, *, replan: bool = False, report: str | None = None) -> None:
        """Wait for a path to change, or for the first missing directory on the way to it to appear."""
        claim = Claim(owner, report or path, replan)
        directory, name = os.path.split(path)
        while not os.path.isdir(directory) and directory != os.path.dirname(directory):
            directory, name = os.path.split(directory)
            claim = Claim(owner, report or path, replan=True)
        number = self._add(directory)
        if number >= 0:
            node = self.nodes.setdefault(number, Node())
            node.names = {} if node.names is None else node.names
            node.names.setdefault(name, set()).add(claim)
            owner.claims.add((number, name, claim))

    def _unclaim(self, number: int, name: str, claim: Claim) -> None:
        node = self.nodes.get(number)
        if node is None or node.names is None:
            return
        claims = node.names.get(name, set())
        claims.discard(claim)
        if not claims:
            node.names.pop(name, None)
        self._tidy(number, node)

    def _tidy(self, number: int, node: Node) -> None:
        if not node.views and not node.names:
            self.nodes.pop(number, None)
            self._remove(number)
