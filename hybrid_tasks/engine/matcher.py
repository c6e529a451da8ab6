"""Which files of a service count and which directories are never entered.

What is apart (other services, files of the project) is left out by its path. Beside that, rules are layered as git
does it, each layer asked before the next: the service's own `ignore` lines, then the `.gitignore` files from the
entry's directory up to the project, then the built-in list. A directory that is ignored is never entered, so nothing
below it can be taken in again.
"""

# plain strings: path objects for 50,000 files would cost more than reading them
# ruff: noqa: PTH100, PTH112, PTH118, PTH119, PTH120
from __future__ import annotations

import os
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from hybrid_tasks.engine.content import read_regular
from hybrid_tasks.engine.ignored import BUILT_IN
from hybrid_tasks.engine.rules import Rules, Sieve
from hybrid_tasks.model.watching import Watch

GITIGNORE = ".gitignore"

Layer = tuple[int, Rules]
"""Rules with the number of characters to cut from a path to make it relative to where they stand."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What applies inside one directory; directories with the same rules share one object.

    Args:
        layers: the rules, strongest first.
        sieve: says quickly that none of them is about a file.
        include: the patterns of files that count; None: every file counts.
        included: whether an `include` pattern matched this directory or one above, so that everything in it counts.
    """

    layers: tuple[Layer, ...]
    sieve: Sieve = field(compare=False)
    include: Layer | None = None
    included: bool = False


class Matcher:
    """The rules of one service, as they stood on disk when they were read.

    Args:
        root: the project's root; `.gitignore` files from there (or from the top of the git checkout around it) down
            to the watched roots apply.
        watch: the roots and the service's own patterns, which are relative to each root.
        gitignore: whether `.gitignore` files are read at all.

    Attributes:
        roots: the watched directories.
        files: the roots that are single files, or missing and could become either.
        above: the `.gitignore` paths above the roots that apply when they exist.
    """

    def __init__(self, root: Path, watch: Watch, *, gitignore: bool = True) -> None:
        self._gitignore = gitignore
        self._top = os.path.abspath(root)
        self._built_in: Layer = (0, _rules(BUILT_IN))
        self._own = _rules(watch.ignore)
        self._include = _rules(watch.include) if watch.include else None
        self._apart = frozenset(os.path.abspath(path) for path in watch.apart)
        self._names_apart = frozenset(map(os.path.basename, self._apart))
        roots = dict.fromkeys(os.path.abspath(path) for path in watch.roots)
        self.roots = tuple(path for path in roots if os.path.isdir(path))
        self.files = frozenset(roots) - frozenset(self.roots)
        above = {path: self._ignore_files_above(path) for path in self.roots}
        self.above = tuple(dict.fromkeys(file for files in above.values() for file in files))
        self._scopes: dict[str, Scope | None] = {path: self._outermost(path, above[path]) for path in self.roots}

    def scope(self, root: str) -> Scope:
        """Give the rules inside one of `roots`, which is entered even when a rule would ignore it.

        Raises:
            KeyError: it is not one of `roots`.
        """
        scope = self._scopes[root]
        if scope is None:
            raise KeyError(root)
        return scope

    def enter(self, scope: Scope, path: str, name: str, *, rules_inside: bool = True) -> Scope:
        """Give the rules inside a directory that is not ignored.

        Args:
            scope: the rules of its parent.
            path: the directory.
            name: its own name.
            rules_inside: False when it is known to hold no `.gitignore`.

        Returns:
            `scope` itself when nothing changes inside.
        """
        included = scope.included
        if scope.include is not None:
            verdict = scope.include[1].verdict(path[scope.include[0] :], name, is_dir=True)
            included = included if verdict is None else verdict
        found = self._read(f"{path}/{GITIGNORE}") if rules_inside else None
        if found is None and included == scope.included:
            return scope
        if found is None:
            return Scope(scope.layers, scope.sieve, scope.include, included)
        layers = self._layered(scope.layers, found)
        return Scope(layers, Sieve(layers), scope.include, included)

    def prunes(self, scope: Scope, path: str, name: str) -> bool:
        """Say whether a directory called `name` at `path`, in a directory with these rules, is left out."""
        if name in self._names_apart and path in self._apart:
            return True
        caught = scope.sieve.catches_directory(path, name)
        return caught and _ignored(scope.layers, path, name, is_dir=True)

    def takes(self, scope: Scope, path: str, name: str) -> bool:
        """Say whether a file called `name` at `path`, in a directory with these rules, counts."""
        if name in self._names_apart and path in self._apart:
            return False
        if not _included(scope, path, name):
            return False
        return not (scope.sieve.catches(path, name) and _ignored(scope.layers, path, name, is_dir=False))

    def counted(self, scope: Scope, entries: list[os.DirEntry[str]]) -> list[os.DirEntry[str]]:
        """Give those of a directory's files that count; as `takes`, for many at once."""
        apart, names_apart = self._apart, self._names_apart
        if names_apart:
            entries = [entry for entry in entries if entry.name not in names_apart or entry.path not in apart]
        if scope.include is not None:
            names, suffixes = scope.include[1].plain
            entries = [
                entry
                for entry in entries
                if (name := entry.name) in names
                or name[name.rfind(".") :] in suffixes
                or _included(scope, entry.path, name)
            ]
        suspects = scope.sieve.caught(entries)
        left_out = {entry.name for entry in suspects if _ignored(scope.layers, entry.path, entry.name, is_dir=False)}
        return [entry for entry in entries if entry.name not in left_out] if left_out else entries

    def ignored(self, path: Path, is_dir: bool) -> bool:
        """Say whether this entry, or a directory above it, is left out.

        Args:
            path: any path; outside the roots everything is ignored.
            is_dir: whether it is a directory.
        """
        text = os.path.abspath(path)
        if text in self.files or text in self.roots:
            return False
        parent = self.inside(os.path.dirname(text))
        if parent is None or text in self._apart:
            return True
        return _ignored(parent.layers, text, os.path.basename(text), is_dir=is_dir)

    def counts(self, path: Path) -> bool:
        """Say whether a file at this path is, or would be, part of the service's content."""
        text = os.path.abspath(path)
        if text in self.files:
            return True
        parent = self.inside(os.path.dirname(text))
        return parent is not None and self.takes(parent, text, os.path.basename(text))

    def inside(self, directory: str) -> Scope | None:
        """Give the rules inside any directory; None when it is outside the roots or ignored."""
        steps: list[str] = []
        while directory not in self._scopes:
            steps.append(directory)
            parent = os.path.dirname(directory)
            if parent == directory:
                return None
            directory = parent
        scope = self._scopes[directory]
        for path in reversed(steps):
            if scope is not None:
                name = os.path.basename(path)
                scope = None if self.prunes(scope, path, name) else self.enter(scope, path, name)
            self._scopes[path] = scope
        return scope

    def _outermost(self, root: str, above: tuple[str, ...]) -> Scope:
        layers: tuple[Layer, ...] = ((len(root) + 1, self._own),) if self._own else ()
        outer = [layer for layer in map(self._read, reversed(above)) if layer is not None]
        if not _excluded(outer, root):  # else it was asked for by name, and what leaves it out does not apply
            layers = (*layers, *outer)
        layers = self._layered((*layers, self._built_in), self._read(f"{root}/{GITIGNORE}"))
        return Scope(layers, Sieve(layers), (len(root) + 1, self._include) if self._include is not None else None)

    def _layered(self, layers: tuple[Layer, ...], inner: Layer | None) -> tuple[Layer, ...]:
        """Put the rules of a deeper `.gitignore` below the service's own lines and above all others."""
        own = 1 if self._own else 0
        return layers if inner is None else (*layers[:own], inner, *layers[own:])

    def _read(self, path: str) -> Layer | None:
        if not self._gitignore:
            return None
        data = read_regular(path)
        rules = _rules(tuple(data.decode("utf-8-sig", "surrogateescape").split("\n"))) if data else None
        return (len(path) - len(GITIGNORE), rules) if rules else None

    def _ignore_files_above(self, root: str) -> tuple[str, ...]:
        """Where a `.gitignore` above a root would apply to it, outermost first."""
        within = f"{root}/".startswith(self._top.rstrip("/") + "/")
        start = self._top if within else root
        top = _checkout(start) or start
        files: list[str] = []
        directory = root
        while self._gitignore and directory != top:
            directory = os.path.dirname(directory)
            files.append(os.path.join(directory, GITIGNORE))
        return tuple(reversed(files))


@lru_cache(maxsize=256)
def _rules(lines: tuple[str, ...]) -> Rules:
    """Parse lines once for all services and all looks at the same text; rules never change."""
    return Rules(lines)


def _included(scope: Scope, path: str, name: str) -> bool:
    """Whether a file is among those that count, were it not ignored."""
    if scope.include is None:
        return True
    verdict = scope.include[1].verdict(path[scope.include[0] :], name, is_dir=False)
    return scope.included if verdict is None else verdict


def _ignored(layers: tuple[Layer, ...], path: str, name: str, *, is_dir: bool) -> bool:
    for cut, rules in layers:
        verdict = rules.verdict(path[cut:] if rules.deep else "", name, is_dir=is_dir)
        if verdict is not None:
            return verdict
    return False


def _excluded(outer: list[Layer], root: str) -> bool:
    """Whether the `.gitignore` files above a root leave it out, itself or with a directory above it."""
    for cut, rules in outer:
        end = cut
        while end < len(root):
            end = root.find("/", end) if "/" in root[end:] else len(root)
            if rules.verdict(root[cut:end], os.path.basename(root[:end]), is_dir=True):
                return True
            end += 1
    return False


def _checkout(directory: str) -> str | None:
    """The top of the git checkout around a directory."""
    while not os.path.lexists(os.path.join(directory, ".git")):
        parent = os.path.dirname(directory)
        if parent == directory:
            return None
        directory = parent
    return directory
