"""Looking again: the cases that are not common to all ways of noticing."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from receiver import Receiver
from waiting import until

from hybrid_tasks.engine.delivery import Delivery
from hybrid_tasks.engine.matcher import Matcher
from hybrid_tasks.engine.observer import Observer
from hybrid_tasks.engine.polling import Polled, Poller
from hybrid_tasks.model.watching import Watch


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path.resolve() / "api"
    (root / "pkg").mkdir(parents=True)
    (root / "main.go").write_text("one")
    return root


@pytest.fixture
def told() -> Receiver:
    return Receiver()


@pytest.fixture
def poller(told: Receiver) -> Iterator[Poller]:
    poller = Poller(Delivery(told), interval=0.02)
    yield poller
    poller.close()
    assert not [thread for thread in threading.enumerate() if thread.name == "hybrid-polling"]


def test_looking_without_a_change_finds_nothing(root: Path) -> None:
    polled = Polled(lambda: Matcher(root, Watch((root,))))
    assert polled.changed() == []
    (root / "main.go").write_text("two")
    (root / "pkg/new.go").write_text("x")
    (root / "pkg/x.swp").write_text("x")
    assert sorted(polled.changed()) == [str(root / "main.go"), str(root / "pkg/new.go")]
    assert polled.changed() == []


def test_directories_that_come_and_go(root: Path) -> None:
    polled = Polled(lambda: Matcher(root, Watch((root,))))
    (root / "pkg").rename(root / "lib")
    assert sorted(polled.changed()) == [str(root / "lib"), str(root / "pkg")]


def test_one_directory_of_a_service(root: Path) -> None:
    polled = Polled(lambda: Matcher(root, Watch((root,))), (str(root / "pkg"),))
    (root / "main.go").write_text("two")
    (root / "pkg/a.go").write_text("x")
    assert polled.changed() == [str(root / "pkg/a.go")]


def test_the_thread_ends_with_the_last_thing_to_look_at(poller: Poller, told: Receiver, root: Path) -> None:
    poller.add("api", Polled(lambda: Matcher(root, Watch((root,)))))
    (root / "main.go").write_text("two")
    assert told.hears(root / "main.go")
    poller.remove("api")
    assert until(lambda: not [t for t in threading.enumerate() if t.name == "hybrid-polling"])
    poller.add("api", Polled(lambda: Matcher(root, Watch((root,)))))
    told.clear()
    (root / "main.go").write_text("three")
    assert told.hears(root / "main.go")


def test_a_look_that_fails_means_compare_everything_and_the_next_is_tried(
    poller: Poller, told: Receiver, root: Path
) -> None:
    polled = Polled(lambda: Matcher(root, Watch((root,))))
    fail = iter([OSError("stale file handle")])

    class Failing(Polled):
        def changed(self) -> list[str]:
            for error in fail:
                raise error
            return polled.changed()

    poller.add("api", Failing(lambda: Matcher(root, Watch((root,)))))
    assert told.hears_of_everything()
    told.clear()
    (root / "main.go").write_text("two")
    assert told.hears(root / "main.go")


def test_only_a_silent_mount_inside_a_root_is_polled(told: Receiver, root: Path) -> None:
    mounts = root.parent / "mountinfo"
    mounts.write_text(f"22 1 254:0 / / rw - ext4 x rw\n30 22 0:33 / {root / 'pkg'} rw - virtiofs x rw\n")
    observer = Observer(told, root.parent, interval=0.02, mountinfo=mounts)
    try:
        observer.watch("api", Watch((root,)))
        assert observer.polled() == [root / "pkg"]
        assert observer.watch_count() == 2  # the root and the project
        (warning,) = observer.warnings()
        assert warning == f"`{root / 'pkg'}` is on virtiofs, which reports no changes: it is looked at every 0.02 s"
        (root / "pkg/deep").mkdir()
        (root / "pkg/deep/a.go").write_text("x")
        assert told.hears(root / "pkg/deep/a.go")
        told.clear()
        (root / "main.go").write_text("two")
        assert told.hears(root / "main.go")
    finally:
        observer.close()
