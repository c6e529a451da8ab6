"""Noticing changes with real watchdog on the real file system; also on its portable side, and by polling."""

# names that are no text need plain strings
# ruff: noqa: PTH101, PTH115, PTH123, PTH208
from __future__ import annotations

import os
import shutil
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from receiver import Receiver, marker
from waiting import until

from hybrid_tasks.engine.observer import Observer
from hybrid_tasks.engine.snapshot import Tree
from hybrid_tasks.model.watching import Watch

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="inotify"),
    pytest.mark.filterwarnings(
        "ignore:Callback with id"
    ),  # watchdog's own emitter, when a directory comes back quickly
]

Watching = Callable[..., Observer]

every_way = pytest.mark.parametrize("how", ["inotify", "portable", "polling"])


@every_way
def test_saves_additions_and_removals_are_told(watching: Watching, told: Receiver, root: Path, how: str) -> None:
    observer = watching(how=how)
    assert observer.polled() == ([root] if how == "polling" else [])
    (root / "main.go").write_text("changed")
    assert told.hears(root / "main.go")
    told.clear()
    (root / "pkg/new.go").write_text("x")
    assert told.hears(root / "pkg/new.go")
    told.clear()
    (root / "pkg/new.go").unlink()
    assert told.hears(root / "pkg/new.go")


@every_way
def test_directories_created_later_are_watched_with_everything_below(
    watching: Watching, told: Receiver, root: Path, how: str
) -> None:
    watching(how=how)
    (root / "one/two/three").mkdir(parents=True)
    assert told.hears(root / "one/two/three")
    marker(root, told)
    told.clear()
    (root / "one/two/three/x.go").write_text("x")
    assert told.hears(root / "one/two/three/x.go")


@every_way
def test_a_directory_moved_in_is_watched_and_one_moved_out_is_not(
    watching: Watching, told: Receiver, root: Path, how: str
) -> None:
    outside = root.parent / "outside"
    (outside / "sub").mkdir(parents=True)
    (outside / "sub/x.go").write_text("x")
    watching(how=how)
    outside.rename(root / "inside")
    assert told.hears(root / "inside")
    marker(root, told)
    told.clear()
    (root / "inside/sub/x.go").write_text("y")
    assert told.hears(root / "inside/sub/x.go")
    if how == "portable":
        return  # watchdog goes on watching what was moved away
    (root / "inside").rename(outside)
    marker(root, told)
    told.clear()
    (outside / "sub/x.go").write_text("z")
    marker(root, told)
    assert not any(path.name == "x.go" for path in told.paths)


@every_way
def test_a_directory_renamed_is_told_under_its_new_name(
    watching: Watching, told: Receiver, root: Path, how: str
) -> None:
    (root / "pkg/sub").mkdir()
    watching(how=how)
    (root / "pkg").rename(root / "lib")
    assert told.hears(root / "lib")
    marker(root, told)
    told.clear()
    (root / "lib/sub/x.go").write_text("x")
    assert told.hears(root / "lib/sub/x.go")


@every_way
def test_ignored_files_and_directories_are_never_told(watching: Watching, told: Receiver, root: Path, how: str) -> None:
    for name in (".git", "node_modules/x", ".venv/lib", "target", "dist", "__pycache__", ".hybrid/logs"):
        (root / name).mkdir(parents=True)
    watching(how=how, ignore=("*.md",))
    for name in (
        ".git/index", "node_modules/x/i.js", ".venv/lib/x.py", "target/x", "dist/x", "__pycache__/m.pyc", ".hybrid/logs/x",
        "README.md", "main.go~", ".main.go.swp", "4913", ".#main.go", "___jb_tmp___", "__debug_bin1",
    ):  # fmt: skip
        (root / name).write_text("x")
    (root / "pkg/node_modules/y").mkdir(parents=True)
    (root / "pkg/node_modules/y/i.js").write_text("x")
    marker(root, told)
    assert {path for path in told.paths if not path.name.startswith("marker")} <= {root, root / "pkg"}


def test_ignored_directories_have_no_watch(watching: Watching, root: Path) -> None:
    for number in range(50):
        (root / f"node_modules/lib{number}/dist").mkdir(parents=True)
    assert watching().watch_count() == 2 + 1  # root, pkg, and the project's directory for its .gitignore


def test_fifty_services_share_one_inotify_instance_and_one_thread(told: Receiver, root: Path) -> None:
    before = threading.active_count()
    observer = Observer(told, root)
    try:
        for number in range(50):
            (root / f"s{number}/pkg").mkdir(parents=True)
            observer.watch(f"s{number}", Watch((root / f"s{number}", root / "pkg")))
        links = [
            os.readlink(f"/proc/self/fd/{name}")
            for name in os.listdir("/proc/self/fd")
            if os.path.lexists(f"/proc/self/fd/{name}")
        ]
        assert links.count("anon_inode:inotify") == 1
        assert threading.active_count() == before + 1
        assert observer.watch_count() == 50 * 2 + 1 + 1
        (root / "s31/pkg/x.go").write_text("x")
        assert told.hears(root / "s31/pkg/x.go")
        told.clear()
        (root / "pkg/a.go").write_text("shared by all")
        assert told.hears(root / "pkg/a.go")
        for number in range(50):
            observer.unwatch(f"s{number}")
        assert until(lambda: observer.watch_count() == 0)
    finally:
        observer.close()


def test_one_directory_seen_by_two_services_stays_watched_when_one_leaves(
    watching: Watching, told: Receiver, root: Path
) -> None:
    observer = watching(include=("*.go",))
    observer.watch("docs", Watch((root / "pkg",), include=("*.md",)))
    (root / "pkg/x.md").write_text("x")
    assert told.hears(root / "pkg/x.md")
    observer.unwatch("docs")
    told.clear()
    (root / "pkg/x.md").write_text("y")
    (root / "pkg/a.go").write_text("y")
    assert told.hears(root / "pkg/a.go")
    marker(root, told)
    assert root / "pkg/x.md" not in told.paths
    observer.unwatch("api")
    assert until(lambda: observer.watch_count() == 0)


def test_a_file_kept_open_while_written_is_told_before_it_is_closed(
    watching: Watching, told: Receiver, root: Path
) -> None:
    watching()
    with open(root / "main.go", "w", encoding="utf-8") as file:
        file.write("written and flushed, never closed")
        file.flush()
        assert told.hears(root / "main.go")


@pytest.mark.parametrize("how", ["written in place", "written anew", "deleted first", "moved away first", "copied"])
def test_a_save_is_told_once_and_complete(watching: Watching, told: Receiver, root: Path, how: str) -> None:
    """Nobody starts to build a file that is truncated, missing or half written for a moment."""
    watching()
    path = root / "main.go"
    copied = root.parent / "copied.go"
    copied.write_text("x" * 1000)
    once = 0
    for number in range(10):
        marker(root, told)
        told.clear()
        if how == "deleted first":
            path.unlink()
        elif how == "moved away first":
            path.rename(root / "main.go~")
        elif how == "written anew":
            path = root / f"new{number}.go"
        if how == "copied":
            shutil.copy2(copied, path)
        else:
            path.write_text(str(number) * 1000)
        assert told.hears(path)
        marker(root, told)
        once += sum(path in (call or ()) for call in told.calls) == 1
    assert once >= 5  # not all: on a busy machine a save may take longer than anybody waits for its end


def test_a_mode_that_makes_a_directory_readable_again(watching: Watching, told: Receiver, root: Path) -> None:
    watching()
    os.chmod(root / "pkg", 0o500)
    os.chmod(root / "pkg", 0o700)
    marker(root, told)
    told.clear()
    (root / "pkg/a.go").write_text("x")
    assert told.hears(root / "pkg/a.go")


def test_a_directory_deleted_and_made_again_at_once_stays_watched(
    watching: Watching, told: Receiver, root: Path
) -> None:
    observer = watching()
    for _ in range(50):
        shutil.rmtree(root / "pkg")
        (root / "pkg").mkdir()
    marker(root, told)
    told.clear()
    (root / "pkg/z.go").write_text("x")
    assert told.hears(root / "pkg/z.go")
    assert until(lambda: observer.watch_count() == 3)


def test_check_repairs_a_reader_that_died_and_watches_that_vanished(
    watching: Watching, told: Receiver, root: Path
) -> None:
    observer = watching()
    reader = next(thread for thread in threading.enumerate() if thread.name == "hybrid-inotify")
    os.close(reader._inotify_fd)  # type: ignore[attr-defined]
    (root / "main.go").write_text("nobody hears this")
    os.write(reader._kill_w, b"!")  # type: ignore[attr-defined]
    reader.join(20)
    assert not reader.is_alive()
    observer.check()
    assert told.hears_of_everything()
    told.clear()
    (root / "main.go").write_text("heard again")
    assert told.hears(root / "main.go")
    assert observer.watch_count() == 3


def test_check_of_a_sound_observer_does_nothing(watching: Watching, told: Receiver) -> None:
    observer = watching()
    observer.check()
    assert told.calls == []
    assert observer.warnings() == []


def test_closing_twice_and_watching_after_closing_harm_nobody(told: Receiver, root: Path) -> None:
    observer = Observer(told, root)
    observer.watch("api", Watch((root,)))
    observer.close()
    observer.close()
    observer.unwatch("api")
    observer.unwatch("never there")
    assert observer.watch_count() == 0


@every_way
def test_what_is_told_leads_the_tree_to_the_truth(watching: Watching, told: Receiver, root: Path, how: str) -> None:
    watching(how=how)
    tree = Tree(Watch((root,)), root.parent)
    tree.scan()
    for number in range(30):
        (root / f"d{number % 5}").mkdir(exist_ok=True)
        (root / f"d{number % 5}/f{number}.go").write_text(str(number))
        if number % 7 == 0:
            shutil.rmtree(root / f"d{number % 5}")
        if number % 11 == 0:
            (root / "pkg").rename(root / "tmp")
            (root / "tmp").rename(root / "pkg")
    marker(root, told)
    for call in list(told.calls):
        tree.refresh(call)
    fresh = Tree(Watch((root,)), root.parent)
    fresh.scan()
    assert tree.snapshot() == fresh.snapshot()


def test_another_watchdog_inside_means_its_public_interface(
    watching: Watching, told: Receiver, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "hybrid_tasks.engine.inotify", None)
    observer = watching()
    assert not [thread for thread in threading.enumerate() if thread.name == "hybrid-inotify"]
    assert observer.warnings() == []
    (root / "main.go").write_text("saved")
    assert told.hears(root / "main.go")
