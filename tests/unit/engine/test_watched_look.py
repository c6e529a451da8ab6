"""Looking at all files on the walk that places the watches: the same content as on a walk of its own."""

from __future__ import annotations

import errno
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from trees import names

from hybrid_tasks.engine.observer import Observer
from hybrid_tasks.engine.plan import Found
from hybrid_tasks.engine.reader import Reader
from hybrid_tasks.engine.snapshot import Tree
from hybrid_tasks.model.watching import Snapshot, Watch

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="inotify")

Watching = Callable[..., Observer]


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


def looked(observer: Observer, watch: Watch, base: Path) -> tuple[Tree, bool]:
    """Look on the walk of the watching; also whether that passed every directory."""
    complete: list[bool] = []

    def watching(found: Found) -> bool:
        complete.append(observer.watch("api", watch, found))
        return complete[-1]

    tree = Tree(watch, base)
    tree.scan(watching)
    return tree, complete[-1]


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

    def add(self: Reader, path: bytes, *rest: object) -> int:
        placed.append(path)
        if len(placed) > 2:
            raise OSError(errno.ENOSPC, "no space left")
        return original(self, path, *rest)  # type: ignore[arg-type]

    original = Reader.add_callback
    monkeypatch.setattr(Reader, "add_callback", add)
    tree, complete = looked(observer, watch, root.parent)
    monkeypatch.undo()
    assert len(placed) == 3
    assert not complete
    assert tree.snapshot() == alone(watch, root.parent)
