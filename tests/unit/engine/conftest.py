"""A service's tree and an observer that watches it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from receiver import Receiver

from hybrid_tasks.engine.observer import Observer
from hybrid_tasks.model.watching import Watch

MOUNTS = "22 1 254:0 / / rw - ext4 /dev/vda rw\n"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path.resolve() / "api"
    (root / "pkg").mkdir(parents=True)
    (root / "main.go").write_text("one")
    (root / "pkg/a.go").write_text("two")
    return root


@pytest.fixture
def told() -> Receiver:
    return Receiver()


Watching = Callable[..., Observer]


@pytest.fixture
def watching(told: Receiver, root: Path) -> Iterator[Watching]:
    observers: list[Observer] = []

    def begin(*more: Path, how: str = "inotify", **watch: tuple[str, ...]) -> Observer:
        mounts = root.parent / "mountinfo"
        mounts.write_text(MOUNTS + (f"30 22 0:33 / {root.parent} rw - 9p x rw\n" if how == "polling" else ""))
        observer = Observer(told, root.parent, interval=0.05, mountinfo=mounts, portable=how == "portable")
        observers.append(observer)
        observer.watch("api", Watch((root, *more), **watch))
        return observer

    yield begin
    for observer in observers:
        observer.close()
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("hybrid-")]
