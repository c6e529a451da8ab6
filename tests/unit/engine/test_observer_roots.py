"""Noticing changes of what decides where to look: roots that come and go, single files, links, rules."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from receiver import Receiver, heard_again, marker
from waiting import until

from hybrid_tasks.engine.observer import Observer

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="inotify"),
    pytest.mark.filterwarnings(
        "ignore:Callback with id"
    ),  # watchdog's own emitter, when a directory comes back quickly
]

Watching = Callable[..., Observer]

every_way = pytest.mark.parametrize("how", ["inotify", "portable", "polling"])


@every_way
def test_a_single_file_as_root_and_one_that_appears_later(
    watching: Watching, told: Receiver, root: Path, how: str
) -> None:
    env = root.parent / "config/hybrid.env"
    (root / ".env").write_text("A=1")
    (root / ".gitignore").write_text(".env\n")
    watching(root / ".env", env, how=how)
    (root / ".env").write_text("A=2")
    assert told.hears(root / ".env")
    if how == "portable":
        return  # a missing directory is looked at with the safety tick there
    told.clear()
    env.parent.mkdir()
    env.write_text("B=1")
    assert told.hears(env)
    marker(root, told)
    told.clear()
    env.write_text("B=2")
    assert told.hears(env)
    marker(root, told)
    told.clear()
    env.with_name("other.env").write_text("x")
    marker(root, told)
    assert env.with_name("other.env") not in told.paths


def test_a_file_saved_by_rename_stays_watched(watching: Watching, told: Receiver, root: Path) -> None:
    env = root.parent / ".env"
    env.write_text("A=1")
    watching(env)
    for number in range(3):
        told.clear()
        env.with_name(".env.new").write_text(f"A={number}")
        env.with_name(".env.new").rename(env)
        assert told.hears(env)


@pytest.mark.parametrize("how", ["inotify", "polling"])
def test_the_root_goes_and_comes_back(watching: Watching, told: Receiver, root: Path, how: str) -> None:
    watching(how=how)
    shutil.rmtree(root)
    assert told.hears(root)
    told.clear()
    (root / "pkg").mkdir(parents=True)
    (root / "pkg/b.go").write_text("x")
    assert told.hears(root / "pkg/b.go")
    assert heard_again(told, root / "pkg/b.go")


def test_the_root_moved_away_and_another_put_in_its_place(watching: Watching, told: Receiver, root: Path) -> None:
    watching()
    other = root.parent / "other"
    shutil.copytree(root, other)
    root.rename(root.parent / "away")
    other.rename(root)
    assert told.hears(root)
    assert heard_again(told, root / "main.go")
    told.clear()
    (root.parent / "away/main.go").write_text("old")
    marker(root, told)
    assert root.parent / "away/main.go" not in told.paths


@pytest.mark.parametrize("how", ["inotify", "polling"])
def test_symlinked_directories_and_files_are_followed(watching: Watching, told: Receiver, root: Path, how: str) -> None:
    outside = root.parent / "outside"
    (outside / "sub").mkdir(parents=True)
    (outside / "conf.toml").write_text("x")
    (root / "lib").symlink_to(outside / "sub")
    (root / "conf.toml").symlink_to(outside / "conf.toml")
    (root / "loop").symlink_to(root)
    watching(how=how)
    (outside / "sub/x.go").write_text("x")
    assert told.hears(root / "lib/x.go")
    (outside / "conf.toml").write_text("y")
    assert told.hears(root / "conf.toml")
    told.clear()
    (outside / "later").mkdir()
    (root / "later").symlink_to(outside / "later")
    assert told.hears(root / "later") or how == "polling"
    if how == "inotify":
        marker(root, told)
        told.clear()
        (outside / "later/y.go").write_text("y")
        assert told.hears(root / "later/y.go")
        (root / "later").unlink()
        marker(root, told)
        told.clear()
        (outside / "later/y.go").write_text("z")
        marker(root, told)
        assert root / "later/y.go" not in told.paths


@every_way
def test_an_edited_gitignore_changes_what_is_watched(watching: Watching, told: Receiver, root: Path, how: str) -> None:
    watching(how=how)
    (root / ".gitignore").write_text("pkg/\n")
    assert told.hears(root / ".gitignore")
    marker(root, told)
    told.clear()
    (root / "pkg/a.go").write_text("ignored now")
    marker(root, told)
    assert root / "pkg/a.go" not in told.paths
    (root / ".gitignore").write_text("")
    assert heard_again(told, root / "pkg/a.go")


def test_an_edited_gitignore_of_the_project_changes_what_is_watched(
    watching: Watching, told: Receiver, root: Path
) -> None:
    observer = watching()
    (root.parent / ".gitignore").write_text("pkg/\n")
    assert told.hears(root)
    assert until(lambda: observer.watch_count() == 2)


@every_way
def test_what_is_apart_is_never_told_and_has_no_watch(watching: Watching, told: Receiver, root: Path, how: str) -> None:
    others = tuple(root / f"other{number}" for number in range(50))
    for other in others:
        (other / "deep").mkdir(parents=True)
    observer = watching(how=how, apart=(root / "hybrid.toml", *others))
    if how == "inotify":
        assert observer.watch_count() == 2 + 1  # as without them
    (root / "hybrid.toml").write_text("x")
    (others[0] / "main.go").write_text("x")
    (others[1] / "deep/new").mkdir()
    marker(root, told)
    assert {path for path in told.paths if not path.name.startswith("marker")} <= {root}
