"""Watching odd names, odd shapes and big trees."""

# names that are no text need plain strings
# ruff: noqa: PTH102, PTH108, PTH118, PTH123
from __future__ import annotations

import os
import shutil
import sys
import threading
import time
import tracemalloc
from pathlib import Path

import pytest
from receiver import Receiver
from waiting import until
from watched import Watched

from hybrid_tasks.engine.observer import Observer
from hybrid_tasks.model.watching import Watch

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="inotify")


@pytest.mark.parametrize(
    "name",
    [
        b"\xff\xfe.go",
        b"new\nline.go",
        b" spaces ",
        b"-x",
        "\u00fc \U0001f600.go".encode(),
        b"n" * 255,
        b"a\\b",
        b'quo"te',
        b"*",
        b"[a]",
        b"$(id)",
    ],
)
def test_s9_odd_names_are_noticed(watched: Watched, name: bytes) -> None:
    directory = os.fsencode(watched.root)
    path = os.path.join(directory, name)
    for text in (b"one", b"two"):
        with open(path, "wb") as file:
            file.write(text)
        assert until(watched.right)
        assert Path(os.fsdecode(path)) in watched.caught_up().files
    os.unlink(path)
    os.mkdir(path)
    with open(os.path.join(path, name), "wb") as file:
        file.write(b"inside")
    assert until(watched.right)
    assert Path(os.fsdecode(os.path.join(path, name))) in watched.caught_up().files
    assert watched.told.everything == 0


def test_s9_shapes_that_must_not_stop_the_watch(watched: Watched) -> None:
    root = watched.root
    (root / "loop").symlink_to(root)
    (root / "self").symlink_to("self")
    (root / "dangling").symlink_to("nowhere")
    os.mkfifo(root / "fifo")
    (root / "locked").mkdir(mode=0o500)
    (root / "main.go").rename(root / "Main.go")
    (root / "Main.go").rename(root / "main.go")
    (root / "pkg").rename(root / "Pkg")
    (root / "Pkg/a.go").write_text("after a case-only rename")
    assert until(watched.right)
    shutil.rmtree(root / "Pkg")
    (root / "Pkg").write_text("now a file")
    assert until(watched.right)
    (root / "Pkg").unlink()
    (root / "Pkg").mkdir()
    (root / "Pkg/b.go").write_text("now a directory")
    assert until(watched.right)
    (root / "main.go").write_text("a later save")
    assert until(watched.right)
    assert watched.told.everything == 0


def test_six_thousand_directories_one_write_one_event_and_then_rest(tmp_path: Path) -> None:
    """Watchdog 7.1 on its own live-locks above about 4,100 directories: its walk overflows its own queue, for ever."""
    root = tmp_path.resolve() / "api"
    for outer in range(60):
        for inner in range(100):
            (root / f"p{outer}/m{inner}").mkdir(parents=True)
    told = Receiver()
    observer = Observer(told, root)
    try:
        observer.watch("api", Watch((root,)))
        assert observer.watch_count() == 1 + 60 + 6000
        path = root / "p7/m77/x.go"
        path.write_text("one")
        assert told.hears(path)
        before = time.process_time()
        threading.Event().wait(1.0)
        assert time.process_time() - before < 0.2  # of our own time, in the second after
        assert told.calls == [frozenset({path})]
        assert observer.warnings() == []
    finally:
        observer.close()


def test_a_big_tree_costs_little_memory(tmp_path: Path) -> None:
    root = tmp_path.resolve() / "api"
    for number in range(200):
        (root / f"m{number}").mkdir(parents=True)
        for file in range(25):
            (root / f"m{number}/file_{file}.go").write_text("x")
    tracemalloc.start()
    try:
        watched = Watched(root)
        try:
            used, _ = tracemalloc.get_traced_memory()
        finally:
            watched.observer.close()
    finally:
        tracemalloc.stop()
    assert len(watched.first.files) == 5000
    assert used / 5000 < 500  # bytes a file with its share of directories and watches: 25 MB for 50,000


def test_refreshing_one_path_looks_at_nothing_else(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[str] = []
    real = os.scandir
    monkeypatch.setattr(os, "scandir", lambda path: looked.append(str(path)) or real(path))
    (watched.root / "main.go").write_text("saved")
    assert watched.tree.refresh([watched.root / "main.go"])
    assert watched.tree.snapshot().fingerprint != watched.first.fingerprint
    assert looked == []
