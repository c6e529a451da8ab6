"""What a service's watched files contain: the truth that events only point at.

A `Tree` is level-triggered. `scan` looks at every file without reading it, `refresh` looks again at what may have
changed, `snapshot` reads what was not read yet and gives the content as a value. Content decides: a touch or a save of
the same bytes is no change.
"""

# plain strings: path objects for 50,000 files would cost more than reading them
# ruff: noqa: PTH100, PTH112, PTH118, PTH119, PTH120
from __future__ import annotations

import os
import stat
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from hybrid_tasks.engine.content import STAMP, read_state, stamp
from hybrid_tasks.engine.fingerprint import Files, differences
from hybrid_tasks.engine.ledger import SINGLES, Folder, Ledger
from hybrid_tasks.engine.matcher import GITIGNORE, Matcher
from hybrid_tasks.engine.plan import Directory, Found, Walk, identify
from hybrid_tasks.model.watching import Burst, Change, ChangeKind, Snapshot, Watch

Watching = Callable[[Found], Matcher | None]
"""Has a service's files watched: tells each directory it passes, and gives its rules, or None where it missed some."""

_AT_ONCE = 16
"""Files read, or directories added up, before another caller gets its turn."""


class Tree:
    """The watched files of one service; `snapshot` may run in one thread while another calls `refresh`.

    Args:
        watch: roots and patterns.
        base: the project's root: where `.gitignore` files begin, and what fingerprints are relative to.
        now: the file systems' time in nanoseconds.
    """

    def __init__(self, watch: Watch, base: Path, now: Callable[[], int] = time.time_ns) -> None:
        self._watch = watch
        self._base = base
        self._lock = threading.RLock()
        self._matcher: Matcher  # read at every look at everything
        self._known = Ledger(os.path.abspath(base), now)

    def scan(self, watching: Watching | None = None) -> None:
        """Look at every file without reading any; from here on `refresh` finds every change.

        Args:
            watching: has the files watched on the same walk.
        """
        with self._lock:
            self._look_at_all(watching)
            self._known.moved = False

    def refresh(self, paths: Iterable[Path] | None) -> bool:
        """Look again at what may have changed.

        Args:
            paths: files or directories (a directory with everything below it); None: everything.

        Returns:
            True when content may differ from before: certain for files that had been read, assumed for those that
            had not. Also True, once, after `snapshot` met a file that had changed since it was last looked at.
        """
        with self._lock:
            if paths is None:
                self._look_at_all()
            for path in paths or ():
                self._look_at(os.path.abspath(path))
            moved, self._known.moved = self._known.moved, False
            return moved

    def snapshot(self) -> Snapshot:
        """Give the content of every file; reads those not read yet, so the first call may take seconds."""
        while True:
            with self._lock:
                wanted = self._known.unread(_AT_ONCE)
                if not wanted and not self._known.add_up(_AT_ONCE):
                    return self._known.freeze()
            # every file is four system calls that let the event loop have the interpreter
            found = [read_state(os.path.join(directory, name)) for directory, name, _ in wanted]
            with self._lock:
                for (directory, name, before), state in zip(wanted, found, strict=True):
                    self._known.was_read(directory, name, before, state)

    def _look_at_all(self, watching: Watching | None = None) -> None:
        known, present = self._known, {SINGLES}
        known.seen.clear()

        def found(matcher: Matcher, directory: Directory) -> None:
            self._matcher = matcher
            present.add(directory.path)
            known.seen[directory.identity] = directory.path
            self._store(directory)

        matcher = watching(found) if watching is not None else None
        if matcher is None:
            known.seen.clear()  # the other walk was not complete, and may have gone other ways
            present.intersection_update({SINGLES})
            matcher = Matcher(self._base, self._watch)
            for directory in Walk(matcher, known.seen).roots():
                found(matcher, directory)
        self._matcher = matcher
        for gone in known.folders.keys() - present:
            known.drop(gone)
        for path in [*matcher.files, *known.folders[SINGLES].files]:  # last: they are watched by now
            known.put(SINGLES, path, read_state(path) if path in matcher.files else None)

    def _look_at(self, path: str) -> None:
        matcher, known = self._matcher, self._known
        directory, name = os.path.split(path)
        parent = known.folders.get(directory)
        if path in matcher.files and not os.path.isdir(path):
            known.put(SINGLES, path, read_state(path))
        elif path in matcher.files or path in matcher.roots or path in matcher.above:
            self._look_at_all()
        elif parent is None or parent.scope is None:
            self._look_above(path, directory)
        elif name == GITIGNORE:
            self._look_at_all()
        elif path in known.folders or os.path.isdir(path):
            self._look_below(path, parent)
        elif matcher.takes(parent.scope, path, name):
            known.put(directory, name, read_state(path))

    def _look_above(self, path: str, directory: str) -> None:
        """Look at a path in a directory that is not known: reached by another name, new, outside or ignored."""
        known = self._known
        identity = identify(directory)
        other = known.seen.get(identity) if identity is not None else None
        if other is not None and other != directory and other in known.folders:
            self._look_at(os.path.join(other, os.path.basename(path)))
            return
        while directory not in known.folders:
            path, directory = directory, os.path.dirname(directory)
            if path == directory:
                return
        self._look_below(path, known.folders[directory])

    def _look_below(self, path: str, parent: Folder) -> None:
        """Look at a directory below a known one again, with everything in it."""
        known, matcher = self._known, self._matcher
        directory, name = os.path.split(path)
        before = set(known.below(path))
        if parent.scope is not None and not matcher.prunes(parent.scope, path, name):
            for found in Walk(matcher, known.seen).below(path, parent.scope):
                before.discard(found.path)
                self._store(found)
        for gone in before:
            known.drop(gone)
        if path in known.folders:
            if name not in parent.children:
                parent.children.append(name)
            known.put(directory, name, None)  # it may have been a file
        elif parent.scope is not None and matcher.takes(parent.scope, path, name):
            known.put(directory, name, read_state(path))

    def _store(self, directory: Directory) -> None:
        known, scope = self._known, directory.scope
        folder = known.folders.setdefault(directory.path, Folder())
        folder.scope, folder.identity, folder.children = scope, directory.identity, directory.directories
        before, singles = folder.files, self._matcher.files
        files: dict[str, bytes] = {}
        for entry in self._matcher.counted(scope, directory.files):
            try:
                status = entry.stat()
            except OSError:
                continue
            if not stat.S_ISREG(status.st_mode) or (singles and entry.path in singles):
                continue
            name = entry.name
            files[name] = state = stamp(status)
            was = before.get(name)
            if was is not None and len(was) > STAMP:
                certain = was[:STAMP] == state and known.certain(entry.path)
                files[name] = was if certain else (read_state(entry.path) or state)
        known.replace(directory.path, files)


def changes(old: Snapshot, new: Snapshot) -> Burst:
    """Compare two snapshots.

    Args:
        old: what the running version was built from.
        new: what is on disk.

    Returns:
        the files whose content differs, sorted by path.
    """
    if isinstance(old.files, Files) and isinstance(new.files, Files):
        found = differences(old.files.folders, new.files.folders)
    else:
        paths = old.files.keys() | new.files.keys()
        pairs = ((os.fspath(path), old.files.get(path), new.files.get(path)) for path in paths)
        found = (pair for pair in pairs if pair[1] != pair[2])
    return Burst(tuple(Change(Path(path), _kind(before, after)) for path, before, after in sorted(found)))


def _kind(before: bytes | None, after: bytes | None) -> ChangeKind:
    if before is None:
        return ChangeKind.ADDED
    return ChangeKind.REMOVED if after is None else ChangeKind.MODIFIED
