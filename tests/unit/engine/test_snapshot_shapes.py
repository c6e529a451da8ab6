"""The content of trees with links, pipes, odd names, depths and forbidden places."""

# names that are no text need plain strings
# ruff: noqa: PTH101, PTH102, PTH104, PTH106, PTH108, PTH118, PTH123
from __future__ import annotations

import os
import socket
import stat
import tempfile
import traceback
from pathlib import Path

import pytest
from trees import names, tree_of

from hybrid_tasks.engine.snapshot import Tree, changes
from hybrid_tasks.model.watching import ChangeKind, Watch


def test_symlinks_are_followed_once_and_loops_end(root: Path) -> None:
    outside = root.parent / "outside"
    outside.mkdir()
    (outside / "lib.go").write_text("lib")
    (root / "lib").symlink_to(outside)
    (root / "again").symlink_to(outside)
    (root / "loop").symlink_to(root)
    (root / "pkg/up").symlink_to("..")
    (root / "inside").symlink_to("pkg")
    (root / "self").symlink_to("self")
    (root / "dangling").symlink_to("nowhere")
    (root / "alias.go").symlink_to(outside / "lib.go")
    tree = tree_of(root)
    found = names(tree.snapshot(), root)
    assert found in ({"main.go", "pkg/a.go", "alias.go", f"{link}/lib.go"} for link in ("lib", "again"))
    (outside / "lib.go").write_text("changed")
    assert tree.refresh([root / "alias.go"])
    assert tree.refresh([root / "lib/lib.go"])  # whichever of the two names was kept
    assert not tree.refresh(None)


def test_a_symlink_turned_to_another_directory(root: Path) -> None:
    for name in ("v1", "v2"):
        (root.parent / name).mkdir()
        (root.parent / name / "x.go").write_text(name)
    (root / "current").symlink_to(root.parent / "v1")
    tree = tree_of(root)
    before = tree.snapshot()
    (root / "next").symlink_to(root.parent / "v2")
    (root / "next").rename(root / "current")
    assert tree.refresh([root / "current"])
    (change,) = changes(before, tree.snapshot()).changes
    assert (change.path, change.kind) == (root / "current/x.go", ChangeKind.MODIFIED)


def test_everything_that_is_no_plain_file_is_passed_by(root: Path) -> None:
    os.mkfifo(root / "fifo")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(root / "socket"))
    tree = tree_of(root)
    before = tree.snapshot()
    assert names(before, root) == {"main.go", "pkg/a.go"}
    (root / "main.go").unlink()
    os.mkfifo(root / "main.go")
    assert tree.refresh([root / "main.go"])  # nobody writes: opening it for reading would wait for ever


@pytest.mark.parametrize(
    "name",
    [
        b"\xff\xfe.go",
        b"new\nline.go",
        b" spaces ",
        b"-x",
        "\u00fcn\u00efcode \U0001f600.go".encode(),
        b"n" * 252 + b".go",
        b"a\\b",
        b'quo"te',
        b"*",
        b"[a]",
    ],
)
def test_odd_names(root: Path, name: bytes) -> None:
    path = os.path.join(os.fsencode(root), name)
    tree = tree_of(root)
    before = tree.snapshot()
    with open(path, "wb") as file:
        file.write(b"x")
    assert tree.refresh([Path(os.fsdecode(path))])
    (change,) = changes(before, tree.snapshot()).changes
    assert os.fsencode(change.path) == path
    with open(path, "wb") as file:
        file.write(b"y")
    assert tree.refresh(None)
    os.mkdir(path + b".d" if len(name) < 250 else path[:-3])
    assert not tree.refresh(None)


def test_directories_deeper_than_a_path_can_name_are_left_out(root: Path) -> None:
    here = os.open(root, os.O_RDONLY)
    try:
        for _ in range(5000):
            os.mkdir("d", dir_fd=here)
            inner = os.open("d", os.O_RDONLY, dir_fd=here)
            os.close(here)
            here = inner
    finally:
        os.close(here)
    tree = tree_of(root)
    assert names(tree.snapshot(), root) == {"main.go", "pkg/a.go"}
    assert not tree.refresh([root / "d"])
    (root / "d/x.go").write_text("x")
    assert tree.refresh([root / "d/x.go"])
    remove_deep(root / "d")


def remove_deep(directory: Path) -> None:
    """Take a deep directory apart from the top, as no path reaches its end."""
    spare = directory.parent / "spare"
    while True:
        for entry in os.scandir(directory):
            if entry.is_dir():
                os.rename(entry.path, spare)
            else:
                os.unlink(entry.path)
        os.rmdir(directory)
        if not spare.exists():
            return
        os.rename(spare, directory)


def test_unreadable_files_and_directories() -> None:
    """In a child as another user when the tests run as root, who reads everything."""
    with tempfile.TemporaryDirectory() as home:
        root = Path(home).resolve() / "api"
        (root / "pkg").mkdir(parents=True)
        (root / "main.go").write_text("one")
        (root / "pkg/a.go").write_text("two")
        if os.geteuid() != 0:
            check_unreadable(root)
            return
        os.chmod(home, 0o705)
        for path in (root, root / "pkg", root / "main.go", root / "pkg/a.go"):
            os.chown(path, 65534, 65534)
        child = os.fork()
        if child == 0:
            try:
                os.setgid(65534)
                os.setuid(65534)
                check_unreadable(root)
            except BaseException:
                traceback.print_exc()
                os._exit(1)
            os._exit(0)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def check_unreadable(root: Path) -> None:
    os.chmod(root / "main.go", 0)
    tree = Tree(Watch((root,)), root)
    tree.scan()
    before = tree.snapshot()
    assert root / "main.go" in before.files
    os.chmod(root / "main.go", stat.S_IRUSR)
    assert tree.refresh([root / "main.go"])
    os.chmod(root / "pkg", 0)
    assert tree.refresh([root / "pkg"])
    assert root / "pkg/a.go" not in tree.snapshot().files
    os.chmod(root / "pkg", stat.S_IRWXU)
    assert tree.refresh([root / "pkg"])
    assert root / "pkg/a.go" in tree.snapshot().files
