"""Looking at all files on the walk that places the watches: the same content as on a walk of its own."""

from __future__ import annotations

import errno
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from receiver import Receiver
from trees import names

from hybrid_tasks.engine.matcher import Matcher
from hybrid_tasks.engine.observer import Observer
from hybrid_tasks.engine.plan import Directory, Found
from hybrid_tasks.engine.reader import Reader
from hybrid_tasks.engine.snapshot import Tree
from hybrid_tasks.model.watching import Snapshot, Watch

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="inotify")

Watching = Callable[..., Observer]
MOUNTS = "22 1 254:0 / / rw - ext4 /dev/vda rw\n"


@pytest.fixture
def watch(root: Path) -> Watch:
    outside = root.parent / "outside"
    outside.mkdir()
    for path in ("node_modules/x.js", "other/main.go", "pkg/deep/.gitignore", "pkg/deep/left.go", "pkg/deep/out.go"):
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text("out.go\n")
    (outside / "lib.go").write_text("lib")
    (root / "lib").symlink_to(outside)
    (root / "loop").symlink_to(root)
    (root.parent / "shared.toml").write_text("x")
    return Watch((root, root.parent / "shared.toml"), apart=(root / "other",))


def looked(
    observer: Observer, watch: Watch, base: Path, passing: Callable[[Directory], None] = lambda _: None
) -> tuple[Tree, bool]:
    """Look on the walk of the watching, do something at each directory; also whether that walk was complete."""
    rules: list[Matcher | None] = []

    def watching(found: Found) -> Matcher | None:
        def told(matcher: Matcher, directory: Directory) -> None:
            found(matcher, directory)
            passing(directory)

        rules.append(observer.watch("api", watch, told))
        return rules[-1]

    tree = Tree(watch, base)
    tree.scan(watching)
    return tree, rules[-1] is not None


def alone(watch: Watch, base: Path) -> Snapshot:
    tree = Tree(watch, base)
    tree.scan()
    return tree.snapshot()


@pytest.mark.parametrize("how", ["inotify", "portable", "polling"])
def test_one_walk_sees_what_two_see(watching: Watching, root: Path, watch: Watch, how: str) -> None:
    tree, complete = looked(watching(how=how), watch, root.parent)
    assert complete is (how == "inotify")
    found = tree.snapshot()
    assert found == alone(watch, root.parent)
    expected = {"main.go", "pkg/a.go", "pkg/deep/left.go", "lib/lib.go", "../shared.toml"}
    assert names(found, root) == expected
    (root.parent / "outside/lib.go").write_text("changed")
    assert tree.refresh([root.parent / "outside/lib.go"]), "known under the name it is watched by"
    assert not tree.refresh(None)


def test_a_walk_that_a_limit_ends_is_made_up_for(
    watching: Watching, root: Path, watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    observer, placed = watching(), []

    def add(self: Reader, path: bytes, *rest: Any) -> int:
        placed.append(path)
        if len(placed) > 2:
            raise OSError(errno.ENOSPC, "no space left")
        return original(self, path, *rest)

    original = Reader.add_callback
    monkeypatch.setattr(Reader, "add_callback", add)
    tree, complete = looked(observer, watch, root.parent)
    monkeypatch.undo()
    assert len(placed) == 3
    assert not complete
    assert tree.snapshot() == alone(watch, root.parent)
    (root / "pkg").rename(root.parent / "elsewhere")
    assert tree.refresh(None)
    assert tree.snapshot() == alone(watch, root.parent)


def test_bug_a_single_file_saved_while_the_rest_was_looked_at_was_not_seen(
    watching: Watching, root: Path, watch: Watch
) -> None:
    def save(directory: Directory) -> None:
        if directory.path == str(root):
            (root.parent / "shared.toml").write_text("saved")

    tree, complete = looked(watching(), watch, root.parent, save)
    assert complete
    assert tree.snapshot() == alone(watch, root.parent)


@pytest.mark.parametrize("where", ["api", "."])
def test_bug_rules_that_changed_while_files_were_looked_at_were_not_read_again(
    watching: Watching, told: Receiver, root: Path, watch: Watch, where: str
) -> None:
    rules = root.parent / where / ".gitignore"

    def ignore(directory: Directory) -> None:
        if directory.path == str(root):
            rules.write_text("a.go\n")

    tree, _ = looked(watching(), watch, root.parent, ignore)
    assert told.hears(root) or told.hears(rules)
    tree.refresh(list(told.paths))
    assert tree.snapshot() == alone(watch, root.parent)
    assert root / "pkg/a.go" not in tree.snapshot().files


def test_bug_a_link_into_what_is_polled_was_taken_for_the_directory(told: Receiver, root: Path) -> None:
    (root / "mnt/lib").mkdir(parents=True)
    (root / "mnt/lib/x.go").write_text("x")
    (root / "link").symlink_to("mnt/lib")
    mounts = root.parent / "mountinfo"
    mounts.write_text(f"{MOUNTS}30 22 0:33 / {root}/mnt rw - 9p x rw\n")
    observer = Observer(told, root.parent, mountinfo=mounts)
    try:
        tree, complete = looked(observer, Watch((root,)), root.parent)
    finally:
        observer.close()
    assert not complete
    assert tree.snapshot() == alone(Watch((root,)), root.parent)
    assert "mnt/lib/x.go" in names(tree.snapshot(), root)
