"""Watching under fire: styles of saving, lost events, exhausted limits, receivers and filters that raise."""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from receiver import Receiver
from saving import STYLES, checkout_of_two_hundred, touch_only
from waiting import until
from watched import Watched

from hybrid_tasks.engine import matcher as matcher_module
from hybrid_tasks.engine.observer import Observer
from hybrid_tasks.engine.snapshot import Tree
from hybrid_tasks.model.watching import Watch

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="inotify")

TESTS = Path(__file__).parent.parent


# S1: ways of saving


@pytest.mark.parametrize("style", STYLES, ids=lambda style: style.__name__)
def test_s1_every_way_of_saving_ends_in_exactly_the_right_content(
    watched: Watched, style: Callable[[Path, str], None]
) -> None:
    for number in range(3):
        style(watched.root / "pkg/a.go", f"text {number}")
        assert until(watched.right)
        assert (watched.caught_up() == watched.first) == (style is touch_only)
    assert watched.told.everything == 0  # found by its own events, not by comparing everything


def test_s1_a_hundred_and_fifty_saves_in_all_styles(watched: Watched) -> None:
    seed = random.randrange(1 << 32)
    print("seed", seed)
    dice = random.Random(seed)
    pause = threading.Event()
    styles = [style for style in STYLES if style is not checkout_of_two_hundred]
    for number in range(150):
        path = watched.root / dice.choice(("main.go", "pkg/a.go", "pkg/b.go"))
        path.touch()
        dice.choice(styles)(path, f"text {number}")
        if dice.random() < 0.5:
            pause.wait(dice.random() * 0.05)
        if dice.random() < 0.2:
            watched.caught_up()
        if dice.random() < 0.1:
            assert until(watched.right)
    assert until(watched.right)


# S2: lost events


def test_s2_a_save_lost_in_an_overflow_is_found_and_the_loss_is_said(tmp_path: Path) -> None:
    """The reader is frozen inside a receiver that does not return, until the kernel's queue is full."""
    root = tmp_path.resolve()
    (root / "deep").mkdir()
    for name in ("a.go", "b.go", "deep/real.go"):
        (root / name).write_text("x")
    told, thawed, frozen = Receiver(), threading.Event(), threading.Event()

    def receive(paths: frozenset[Path] | None) -> None:
        frozen.set()
        assert thawed.wait(60)
        told(paths)

    observer = Observer(receive, root)
    try:
        observer.watch("api", Watch((root,)))
        tree = Tree(Watch((root,)), root)
        tree.scan()
        tree.snapshot()
        (root / "a.go").write_text("y")
        assert frozen.wait(20)
        queue = int(Path("/proc/sys/fs/inotify/max_queued_events").read_text())
        for number in range(queue + 1000):
            os.utime(root / ("a.go" if number % 2 else "b.go"))  # two in turn: equal neighbours would be merged
        (root / "deep/real.go").write_text("the save that matters")
        (root / "made/meanwhile").mkdir(parents=True)
        began = time.monotonic()
        thawed.set()
        assert told.hears_of_everything()
        assert time.monotonic() - began < 5
        for call in list(told.calls):
            tree.refresh(call)
        fresh = Tree(Watch((root,)), root)
        fresh.scan()
        assert tree.snapshot() == fresh.snapshot()
        assert until(lambda: "file events were lost; rescanned" in observer.warnings())
        told.clear()
        (root / "made/meanwhile/x.go").write_text("x")  # a directory whose creation was lost is watched
        assert told.hears(root / "made/meanwhile/x.go")
        assert told.everything == 0
    finally:
        thawed.set()
        observer.close()


# S3: limits


def limited(root: Path, limit: str, value: int, when: str) -> dict[str, list[str]]:
    if (
        shutil.which("unshare") is None
        or subprocess.run(["unshare", "-Ur", "true"], check=False, capture_output=True).returncode
    ):
        pytest.skip("no user namespaces here")
    for name in (*(f"api/d{number}/sub" for number in range(40)), "small"):
        (root / name).mkdir(parents=True)
    (root / "api/main.go").write_text("x")
    done = subprocess.run(
        ["unshare", "-Ur", sys.executable, str(TESTS / "limited_watching.py"), str(root), limit, str(value), when],
        env={**os.environ, "PYTHONPATH": f"{TESTS}:{TESTS.parent}"}, capture_output=True, text=True, timeout=110, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found: dict[str, list[str]] = json.loads(done.stdout)
    print(found)
    return found


@pytest.mark.parametrize(
    ("limit", "value", "when"), [("watches", 20, "start"), ("watches", 90, "later"), ("instances", 0, "start")]
)
def test_s3_an_exhausted_limit_is_said_and_polled_around(tmp_path: Path, limit: str, value: int, when: str) -> None:
    root = tmp_path.resolve()
    found = limited(root, limit, value, when)
    assert found["found"] == [True] * 5  # every save was noticed, also after the limit was raised
    assert str(root / "api") in found["polled"]
    assert (str(root / "small") in found["polled"]) == (limit == "instances")  # what fits is still watched
    said = next(warning for warning in found["warnings"] if str(root / "api") in warning)
    assert f"the limit of inotify {limit} is reached (`user.max_inotify_{limit}` is {value})" in said
    assert f"`sudo sysctl user.max_inotify_{limit}=" in said
    assert found["after"] == []  # the safety tick went back to events
    assert found["left"] == []


# S4: receivers and filters that raise


def test_s4_a_receiver_that_raises_one_time_in_ten_misses_nothing(tmp_path: Path) -> None:
    root = tmp_path.resolve()
    told, calls = Receiver(), 0

    def receive(paths: frozenset[Path] | None) -> None:
        nonlocal calls
        calls += 1
        if calls % 10 == 1:
            raise RuntimeError("one in ten")
        told(paths)

    observer = Observer(receive, root)
    try:
        observer.watch("api", Watch((root,)))
        for number in range(100):
            (root / f"f{number}.go").write_text("x")
            threading.Event().wait(0.002)
        for number in range(100):
            assert told.hears(root / f"f{number}.go")
        assert calls > 10
    finally:
        observer.close()


def test_s4_a_filter_that_raises_one_time_in_ten_misses_nothing(
    watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, calls = matcher_module.Matcher.takes, 0

    def takes(self: matcher_module.Matcher, scope: matcher_module.Scope, path: str, name: str) -> bool:
        nonlocal calls
        if threading.current_thread().name == "hybrid-inotify":
            calls += 1
            if calls % 10 == 0:
                raise ValueError("one in ten")
        return real(self, scope, path, name)

    monkeypatch.setattr(matcher_module.Matcher, "takes", takes)
    for number in range(100):
        (watched.root / f"f{number}.go").write_text("x")
    assert until(watched.right)
    assert calls > 10
    assert watched.told.everything > 0
