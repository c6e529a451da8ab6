"""The content of a tree: what is a change and what is not, on the real file system."""

# names that are no text need plain strings
# ruff: noqa: PTH116
from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from trees import names, tree_of

from hybrid_tasks.engine import snapshot as module
from hybrid_tasks.engine.snapshot import Tree, changes
from hybrid_tasks.model.watching import ChangeKind, Watch


def test_a_snapshot_holds_every_file_with_its_digest(root: Path) -> None:
    snapshot = tree_of(root).snapshot()
    assert names(snapshot, root) == {"main.go", "pkg/a.go"}
    assert len(snapshot.files) == 2
    assert snapshot.files[root / "main.go"] != snapshot.files[root / "pkg/a.go"]
    assert root / "nothing" not in snapshot.files
    assert root not in snapshot.files


def test_a_save_is_found_by_its_path(root: Path) -> None:
    tree = tree_of(root)
    before = tree.snapshot()
    (root / "pkg/a.go").write_text("2")
    assert tree.refresh([root / "pkg/a.go"])
    after = tree.snapshot()
    (change,) = changes(before, after).changes
    assert (change.path, change.kind) == (root / "pkg/a.go", ChangeKind.MODIFIED)
    assert after.fingerprint != before.fingerprint
    assert before.files[root / "pkg/a.go"] != after.files[root / "pkg/a.go"]  # the old snapshot did not move


def test_touch_and_a_save_of_the_same_bytes_are_no_change(root: Path) -> None:
    tree = tree_of(root)
    before = tree.snapshot()
    os.utime(root / "main.go")
    assert not tree.refresh([root / "main.go"])
    (root / "main.go").write_text("one")
    assert not tree.refresh([root / "main.go"])
    os.utime(root / "pkg/a.go")
    assert not tree.refresh(None)
    assert tree.snapshot() == before


def test_there_and_back_has_the_old_fingerprint(root: Path) -> None:
    tree = tree_of(root)
    before = tree.snapshot()
    (root / "main.go").write_text("other")
    assert tree.refresh([root / "main.go"])
    tree.snapshot()
    (root / "main.go").write_text("one")
    assert tree.refresh([root / "main.go"])
    assert tree.snapshot() == before
    assert changes(before, tree.snapshot()).changes == ()


@pytest.mark.parametrize("by_path", [True, False])
def test_two_saves_of_equal_size_and_equal_time_are_told_apart(root: Path, by_path: bool) -> None:
    path = root / "main.go"
    tree = tree_of(root)
    before = tree.snapshot()
    status = path.stat()
    path.write_text("two")
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert tree.refresh([path] if by_path else None)
    assert tree.snapshot().fingerprint != before.fingerprint


def test_bug_a_file_read_too_soon_after_its_save_is_read_again_though_its_stamp_is_the_same(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A second save within the clock tick of the first bears the same times; only reading again shows it."""
    path = root / "main.go"
    frozen = os.stat(path)
    now = frozen.st_mtime_ns + 5_000_000
    tree = Tree(Watch((root,)), root, now=lambda: now)
    from hybrid_tasks.engine import content

    real = content.stamp
    same = real(frozen)
    monkeypatch.setattr(content, "stamp", lambda status: same if status.st_ino == frozen.st_ino else real(status))
    monkeypatch.setattr(module, "stamp", content.stamp)
    tree.scan()
    before = tree.snapshot()
    path.write_text("two")
    assert tree.refresh(None)
    assert tree.snapshot().fingerprint != before.fingerprint


def test_added_moved_and_removed_files(root: Path) -> None:
    tree = tree_of(root)
    before = tree.snapshot()
    (root / "new.go").write_text("new")
    (root / "main.go").rename(root / "pkg/main.go")
    (root / "pkg/a.go").unlink()
    assert tree.refresh([root / "new.go", root / "main.go", root / "pkg/main.go", root / "pkg/a.go"])
    found = {
        change.path.name: (change.path.parent.name, change.kind)
        for change in changes(before, tree.snapshot()).changes
        if change.path.name != "main.go"
    }
    assert found == {"new.go": ("api", ChangeKind.ADDED), "a.go": ("pkg", ChangeKind.REMOVED)}
    assert [change.path for change in changes(before, tree.snapshot()).changes] == sorted(
        [root / "main.go", root / "new.go", root / "pkg/a.go", root / "pkg/main.go"]
    )


def test_a_directory_that_appears_is_looked_at_with_everything_below(root: Path) -> None:
    tree = tree_of(root)
    tree.snapshot()
    (root / "deep/er/est").mkdir(parents=True)
    (root / "deep/er/est/x.go").write_text("x")
    (root / "deep/node_modules").mkdir()
    (root / "deep/node_modules/y.js").write_text("y")
    assert tree.refresh([root / "deep"])
    assert "deep/er/est/x.go" in names(tree.snapshot(), root)
    assert "deep/node_modules/y.js" not in names(tree.snapshot(), root)


def test_a_file_in_a_directory_nobody_mentioned_is_found_all_the_same(root: Path) -> None:
    tree = tree_of(root)
    tree.snapshot()
    (root / "one/two").mkdir(parents=True)
    (root / "one/two/x.go").write_text("x")
    assert tree.refresh([root / "one/two/x.go"])
    assert "one/two/x.go" in names(tree.snapshot(), root)


def test_an_empty_directory_is_no_change(root: Path) -> None:
    tree = tree_of(root)
    before = tree.snapshot()
    (root / "empty/er").mkdir(parents=True)
    assert not tree.refresh([root / "empty"])
    assert not tree.refresh(None)
    assert tree.snapshot() == before


@pytest.mark.parametrize("how", ["removed", "renamed", "replaced by a file"])
def test_a_directory_that_goes(root: Path, how: str) -> None:
    (root / "pkg/sub").mkdir()
    (root / "pkg/sub/b.go").write_text("b")
    tree = tree_of(root)
    tree.snapshot()
    if how == "renamed":
        (root / "pkg").rename(root / "lib")
        assert tree.refresh([root / "pkg", root / "lib"])
        assert names(tree.snapshot(), root) == {"main.go", "lib/a.go", "lib/sub/b.go"}
        return
    shutil.rmtree(root / "pkg")
    if how == "replaced by a file":
        (root / "pkg").write_text("now a file")
    assert tree.refresh([root / "pkg"])
    assert names(tree.snapshot(), root) == ({"main.go", "pkg"} if how == "replaced by a file" else {"main.go"})


def test_a_file_replaced_by_a_directory(root: Path) -> None:
    tree = tree_of(root)
    tree.snapshot()
    (root / "main.go").unlink()
    (root / "main.go").mkdir()
    (root / "main.go/x.go").write_text("x")
    assert tree.refresh([root / "main.go"])
    assert names(tree.snapshot(), root) == {"main.go/x.go", "pkg/a.go"}


def test_the_root_itself_goes_and_comes_back(root: Path) -> None:
    tree = tree_of(root)
    before = tree.snapshot()
    shutil.move(root, root.parent / "away")
    assert tree.refresh([root])
    assert tree.snapshot().files == {}
    shutil.move(root.parent / "away", root)
    assert tree.refresh([root])
    assert tree.snapshot() == before


def test_a_root_that_appears_later(root: Path) -> None:
    late = root.parent / "shared"
    tree = tree_of(root, late)
    tree.snapshot()
    late.mkdir()
    (late / "x.go").write_text("x")
    assert tree.refresh([late])
    assert late / "x.go" in tree.snapshot().files


def test_a_single_file_as_root_counts_though_it_is_ignored(root: Path) -> None:
    (root / ".gitignore").write_text(".env\n")
    (root / ".env").write_text("A=1")
    tree = tree_of(root, root / ".env", root.parent / "late.toml", include=("*.go",))
    assert names(tree.snapshot(), root) == {"main.go", "pkg/a.go", ".env"}
    (root / ".env").write_text("A=2")
    assert tree.refresh([root / ".env"])
    (root.parent / "late.toml").write_text("x")
    assert tree.refresh([root.parent / "late.toml"])
    assert names(tree.snapshot(), root) == {"main.go", "pkg/a.go", ".env", "../late.toml"}
    (root / ".env").unlink()
    assert tree.refresh([root / ".env"])
    assert ".env" not in names(tree.snapshot(), root)


def test_paths_that_do_not_count_change_nothing(root: Path) -> None:
    tree = tree_of(root, ignore=("*.md",))
    before = tree.snapshot()
    (root / "node_modules/x").mkdir(parents=True)
    odd = ["README.md", "main.go~", ".main.go.swp", "4913", "node_modules/x/i.js", ".gitkeep"]
    for name in odd:
        (root / name).write_text("x")
    (root.parent / "outside.go").write_text("x")
    paths = [root / name for name in odd] + [root.parent / "outside.go", root / "node_modules", Path("/nowhere/at/all")]
    assert not tree.refresh(paths)
    assert not tree.refresh(None)
    assert tree.snapshot() == before


def test_an_edited_gitignore_takes_effect(root: Path) -> None:
    tree = tree_of(root)
    tree.snapshot()
    (root / ".gitignore").write_text("pkg/\n")
    assert tree.refresh([root / ".gitignore"])
    assert names(tree.snapshot(), root) == {"main.go"}
    (root / ".gitignore").unlink()
    assert tree.refresh([root / ".gitignore"])
    assert names(tree.snapshot(), root) == {"main.go", "pkg/a.go"}


def test_an_edited_gitignore_of_the_project_takes_effect(root: Path) -> None:
    tree = tree_of(root)
    tree.snapshot()
    (root.parent / ".gitignore").write_text("a.go\n")
    assert tree.refresh([root.parent / ".gitignore"])
    assert names(tree.snapshot(), root) == {"main.go"}
