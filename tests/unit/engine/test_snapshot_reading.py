"""Fingerprints, reading in the background, and comparing snapshots."""

# names that are no text need plain strings
# ruff: noqa: PTH123
from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest
from trees import tree_of

from hybrid_tasks.engine import snapshot as module
from hybrid_tasks.engine.snapshot import Tree, changes
from hybrid_tasks.model.watching import Snapshot, Watch


def test_fingerprints_do_not_depend_on_where_the_project_is_nor_on_how_it_got_there(tmp_path: Path) -> None:
    found = []
    for place in ("here", "there/below"):
        base = tmp_path / place
        (base / "api/pkg").mkdir(parents=True)
        (base / ".env").write_text("A=1")
        tree = Tree(Watch((base / "api", base / ".env")), base)
        if place == "here":
            tree.scan()
        (base / "api/main.go").write_text("one")
        (base / "api/pkg/a.go").write_text("two")
        if place != "here":
            tree.scan()
        tree.refresh([base / "api/main.go", base / "api/pkg"])
        found.append(tree.snapshot().fingerprint)
    assert found[0] == found[1]
    assert len(found[0]) == 32


def test_the_same_bytes_under_another_name_or_in_another_directory_differ(root: Path) -> None:
    tree = tree_of(root)
    seen = {tree.snapshot().fingerprint}
    for source, target in (("main.go", "niam.go"), ("niam.go", "pkg/niam.go")):
        (root / source).rename(root / target)
        tree.refresh(None)
        seen.add(tree.snapshot().fingerprint)
    assert len(seen) == 3


def test_a_change_met_while_reading_in_the_background_is_told(root: Path) -> None:
    tree = tree_of(root)
    (root / "main.go").write_text("changed after the scan")
    snapshot = tree.snapshot()  # no event was delivered yet, so this is where it comes to light
    assert tree.refresh([])
    assert not tree.refresh([])
    assert not tree.refresh([root / "main.go"])
    assert tree.snapshot() == snapshot


def test_a_touch_before_anything_was_read_may_have_been_a_change(root: Path) -> None:
    tree = tree_of(root)
    os.utime(root / "main.go")
    assert tree.refresh([root / "main.go"])
    assert not tree.refresh([root / "main.go"])


def test_refresh_goes_on_while_another_thread_reads(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reading, go_on = threading.Event(), threading.Event()
    real = module.read_state

    def slow(path: str) -> bytes | None:
        if threading.current_thread().name == "background":
            reading.set()
            assert go_on.wait(30)
        return real(path)

    monkeypatch.setattr(module, "read_state", slow)
    tree = tree_of(root)
    found: list[Snapshot] = []
    background = threading.Thread(target=lambda: found.append(tree.snapshot()), name="background")
    background.start()
    assert reading.wait(30)
    (root / "main.go").write_text("saved meanwhile")
    assert tree.refresh([root / "main.go"])
    go_on.set()
    background.join(30)
    monkeypatch.undo()
    assert found[0] == tree_of(root).snapshot()


def test_a_file_above_64_mib_is_known_by_its_size_time_and_ends(root: Path) -> None:
    path = root / "weights.bin"
    with open(path, "wb") as file:
        file.truncate(100 << 20)
    tree = tree_of(root)
    first = tree.snapshot().files[path]
    with open(path, "r+b") as file:
        file.seek(50 << 20)
        file.write(b"x")
    assert tree.refresh([path])
    assert tree.snapshot().files[path] != first


def test_changes_between_plain_mappings() -> None:
    old = Snapshot({Path("/a"): b"1", Path("/b"): b"1", Path("/c"): b"1"}, "x")
    new = Snapshot({Path("/a"): b"1", Path("/b"): b"2", Path("/d"): b"1"}, "y")
    assert [(change.path.name, change.kind.value) for change in changes(old, new).changes] == [
        ("b", "modified"), ("c", "removed"), ("d", "added"),
    ]  # fmt: skip
    assert len(changes(Snapshot({}, ""), new).changes) == 3
