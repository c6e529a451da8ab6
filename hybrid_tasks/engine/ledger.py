"""What is known of a tree's files, directory by directory, and what of it has yet to be read.

Compact on purpose: one dictionary a directory, one bytes object a file. A snapshot shares the dictionaries; the
first change after it copies the one directory concerned.
"""

# plain strings: path objects for 50,000 files would cost more than reading them
# ruff: noqa: PTH118
from __future__ import annotations

import os
from collections.abc import Callable, Iterator

from hybrid_tasks.engine.content import STAMP, changed_at
from hybrid_tasks.engine.fingerprint import Files, mark
from hybrid_tasks.engine.matcher import Scope
from hybrid_tasks.engine.plan import Identity
from hybrid_tasks.model.watching import Snapshot

SINGLES = ""
"""The key of the files that are roots themselves; their names are whole paths."""

_TICK = 100_000_000
"""Nanoseconds within which two saves may bear the same time, as coarse as file systems' clocks are."""


class Folder:
    """One directory: its rules, the states of its files, the names of its directories."""

    __slots__ = ("children", "files", "identity", "mark", "scope", "shared")

    def __init__(self, scope: Scope | None = None, identity: Identity | None = None) -> None:
        self.scope = scope
        self.identity = identity
        self.children: list[str] = []
        self.files: dict[str, bytes] = {}
        self.mark = 0
        self.shared = False


class Ledger:
    """The states of all files of one service; not thread-safe by itself.

    Args:
        base: what fingerprints are relative to.
        now: the file systems' time in nanoseconds.

    Attributes:
        folders: every watched directory by path.
        seen: which directory was entered under which path.
        moved: whether content may differ from when somebody last asked.
    """

    def __init__(self, base: str, now: Callable[[], int]) -> None:
        self._base = base
        self._now = now
        self._unread: dict[str, list[str]] = {}
        self._unmarked: set[str] = set()
        self._racy: set[str] = set()
        self._total = 0
        self.folders: dict[str, Folder] = {SINGLES: Folder()}
        self.seen: dict[Identity, str] = {}
        self.moved = False

    def put(self, directory: str, name: str, state: bytes | None) -> None:
        """Write down a file's state, None when there is no such file (any more)."""
        folder = self.folders[directory]
        before = folder.files.get(name)
        if state is None:
            self._racy.discard(os.path.join(directory, name))
        else:
            self._note_race(os.path.join(directory, name), state)
        if state == before:
            return
        if folder.shared:
            folder.files, folder.shared = dict(folder.files), False
        if state is None:
            del folder.files[name]
        else:
            folder.files[name] = state
        self._unmarked.add(directory)
        if before is None or state is None or before[STAMP:] != state[STAMP:]:
            self.moved = True

    def replace(self, directory: str, files: dict[str, bytes]) -> None:
        """Write down all files of a directory; states without a digest are read later."""
        folder = self.folders[directory]
        if files == folder.files:
            return
        before, folder.files, folder.shared = folder.files, files, False
        for name, state in files.items() if before else ():
            if len(state) > STAMP and before.get(name) != state:
                self._note_race(os.path.join(directory, name), state)
        self._unread[directory] = (
            [name for name, state in files.items() if len(state) == STAMP] if before else list(files)
        )
        self._unmarked.add(directory)
        if not self.moved:
            self.moved = files.keys() != before.keys() or any(
                before[name] != state and (len(state) == STAMP or before[name][STAMP:] != state[STAMP:])
                for name, state in files.items()
            )

    def drop(self, directory: str) -> None:
        """Forget a directory that is gone, or not watched any more."""
        folder = self.folders.pop(directory)
        self._total -= folder.mark
        self.moved = self.moved or bool(folder.files)
        if folder.identity is not None and self.seen.get(folder.identity) == directory:
            del self.seen[folder.identity]

    def below(self, directory: str) -> Iterator[str]:
        """Give a directory, if known, and every known one below it."""
        pending = [directory]
        while pending:
            path = pending.pop()
            folder = self.folders.get(path)
            if folder is not None:
                pending.extend(os.path.join(path, name) for name in folder.children)
                yield path

    def certain(self, path: str) -> bool:
        """Say whether a stamp that did not change proves that the content did not."""
        return path not in self._racy

    def unread(self, most: int) -> list[tuple[str, str, bytes]]:
        """Give some files whose content is not known yet: directory, name, stamp.

        They are given until they are read. Both ends are taken from the back, where taking costs nothing: a
        directory of 40,000 files is gone through once, not once a call.
        """
        while self._unread:
            directory = next(reversed(self._unread))
            names, folder = self._unread[directory], self.folders.get(directory)
            files = folder.files if folder is not None else {}
            while names and len(files.get(names[-1], b"")) != STAMP:
                names.pop()
            if names:
                return [(directory, name, files[name]) for name in names[-most:] if len(files.get(name, b"")) == STAMP]
            self._unread.popitem()
        return []

    def was_read(self, directory: str, name: str, before: bytes, state: bytes | None) -> None:
        """Write down what reading in the background found; what changed since the stamp counts as moved."""
        folder = self.folders.get(directory)
        if folder is None or folder.files.get(name) != before:
            return  # looked at again meanwhile
        moved = self.moved or state is None or state[:STAMP] != before
        self.put(directory, name, state)
        self.moved = moved

    def add_up(self, most: int) -> bool:
        """Bring the fingerprint up to date for some directories; False when there were none left."""
        for _ in range(most):
            if not self._unmarked:
                return False
            directory = self._unmarked.pop()
            folder = self.folders.get(directory)
            if folder is not None:
                self._total -= folder.mark
                folder.mark = self._mark(directory, folder.files)
                self._total += folder.mark
        return True

    def freeze(self) -> Snapshot:
        """Give the content as a value, once everything is read and added up."""
        folders = {path: folder.files for path, folder in self.folders.items() if folder.files}
        for folder in self.folders.values():
            folder.shared = True
        return Snapshot(Files(folders), f"{self._total % (1 << 128):032x}")

    def _mark(self, directory: str, files: dict[str, bytes]) -> int:
        if directory == SINGLES:
            return mark("//", {os.path.relpath(path, self._base): state for path, state in files.items()})
        return mark(os.path.relpath(directory, self._base), files)

    def _note_race(self, path: str, state: bytes) -> None:
        """Remember a file that may change again without its time changing, because it was read so soon."""
        if len(state) > STAMP and changed_at(state) > self._now() - _TICK:
            self._racy.add(path)
        else:
            self._racy.discard(path)
