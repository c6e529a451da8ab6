"""Random histories of a tree: a refresh of what was touched ends where a fresh look ends."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from hybrid_tasks.engine.snapshot import Tree, changes
from hybrid_tasks.model.watching import Watch


class Histories(RuleBasedStateMachine):
    """Whatever happens to a tree, a refresh of the touched paths ends where a fresh look ends."""

    places = st.sampled_from(("f", "g", "d/f", "d/g", "d/e/f", "node_modules/f", "x.swp"))
    directories = st.sampled_from(("d", "d/e", "h", "node_modules"))

    def __init__(self) -> None:
        super().__init__()
        self.home = tempfile.TemporaryDirectory()
        self.root = Path(self.home.name).resolve() / "r"
        self.root.mkdir()
        self.tree = Tree(Watch((self.root,)), self.root)
        self.tree.scan()
        self.before = self.tree.snapshot()
        self.dirty: set[Path] = set()
        self.moved = False

    def teardown(self) -> None:
        self.home.cleanup()

    @rule(place=places, text=st.sampled_from(("", "a", "b")))
    def save(self, place: str, text: str) -> None:
        path = self.root / place
        if path.is_dir() or any(parent.is_file() for parent in path.parents):
            return
        if any(parent.is_symlink() for parent in path.parents) or path.is_symlink():
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        self.dirty |= {path, path.parent}

    @rule(source=st.one_of(places, directories), goal=st.one_of(places, directories))
    def move(self, source: str, goal: str) -> None:
        old, new = self.root / source, self.root / goal
        if not os.path.lexists(old) or os.path.lexists(new) or new.is_relative_to(old) or not new.parent.is_dir():
            return
        old.rename(new)
        self.dirty |= {old, new}

    @rule(place=st.one_of(places, directories))
    def remove(self, place: str) -> None:
        path = self.root / place
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        elif os.path.lexists(path):
            path.unlink()
        self.dirty.add(path)

    @rule(place=places, goal=directories)
    def link(self, place: str, goal: str) -> None:
        path = self.root / place
        if path.parent.is_dir() and not os.path.lexists(path):
            path.symlink_to(self.root / goal)
            self.dirty.add(path)

    @rule(line=st.sampled_from(("f", "d/", "!x.swp", "")))
    def ignore(self, line: str) -> None:
        (self.root / ".gitignore").write_text(line)
        self.dirty.add(self.root / ".gitignore")

    @rule()
    def look_at_everything(self) -> None:
        self.moved |= self.tree.refresh(None)

    @rule()
    def read(self) -> None:
        self.tree.snapshot()

    @invariant()
    def ends_where_a_fresh_look_ends(self) -> None:
        links = any(path.is_symlink() for path in self.root.rglob("*"))
        if links:  # which of two names of one directory is kept may depend on the order they appeared in
            self.moved |= self.tree.refresh(None)
        self.moved |= self.tree.refresh(self.dirty)
        self.dirty.clear()
        fresh = Tree(Watch((self.root,)), self.root)
        fresh.scan()
        now, truth = self.tree.snapshot(), fresh.snapshot()
        assert dict(now.files) == dict(truth.files)
        assert now.fingerprint == truth.fingerprint
        assert self.moved or now.fingerprint == self.before.fingerprint
        assert (now.fingerprint == self.before.fingerprint) == (not changes(self.before, now).changes)
        self.before, self.moved = now, False


TestHistories = Histories.TestCase
TestHistories.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)
