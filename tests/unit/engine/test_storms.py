"""Feedback: a loop is found after two needless reloads, and no way of saving is ever taken for one."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hybrid_tasks.engine.storms import Go, Loops, Wait, ignore_lines
from hybrid_tasks.model.status import Held

ROOT = Path("/shop/api")
MAIN = ROOT / "main.go"
GENERATED = ROOT / "gen/api.pb.go"


class Engine:
    """A swap engine reduced to when it works: it starts on a change, restarts on a newer one, waits when told to."""

    def __init__(self, build: float, writes: Callable[[float], list[tuple[float, Path]]] = lambda _: []) -> None:
        self.now = 0.0
        self.build = build
        self.writes = writes  # what our own run writes, given when it begins
        self.loops = Loops("api", [ROOT], lambda: self.now)
        self.runs = 0
        self.working_until: float | None = None
        self.start_at: float | None = None
        self.own: list[tuple[float, Path]] = []
        self.wrote = False
        self.verdicts: list[Go | Wait | Held] = []

    def play(self, saves: Iterator[tuple[float, Path]], until: float) -> None:
        save = next(saves, None)
        while self.now < until:
            times = [self.working_until, self.start_at, save[0] if save else None, self.own[0][0] if self.own else None]
            self.now = min(at for at in (*times, until) if at is not None)
            if self.now >= until:
                return
            if self.working_until == self.now:
                self.working_until = None
                self.loops.ended(lambda: self.wrote)
            elif self.start_at == self.now:
                self.start_at = None
                self.start()
            elif save is not None and save[0] == self.now:
                path = save[1]
                save = next(saves, None)
                self.change(path)
            else:
                self.wrote = True
                self.change(self.own.pop(0)[1])

    def change(self, path: Path) -> None:
        verdict = self.loops.changed([path])
        self.verdicts.append(verdict)
        if isinstance(verdict, Held):
            return
        if self.working_until is not None:
            self.working_until, self.own = None, []
            self.loops.ended()
        if isinstance(verdict, Wait):
            self.start_at = self.now + verdict.seconds
        else:
            self.start_at = None
            self.start()

    def start(self) -> None:
        self.runs += 1
        self.wrote = False
        self.working_until = self.now + self.build
        self.loops.began()
        self.own = sorted((self.now + after, path) for after, path in self.writes(self.now))

    @property
    def held(self) -> bool:
        return any(isinstance(verdict, Held) for verdict in self.verdicts)

    @property
    def suspected(self) -> int:
        return next(i for i, verdict in enumerate(self.verdicts) if isinstance(verdict, Wait))


@pytest.mark.parametrize("build", [0.1, 1.0, 3.0])
@pytest.mark.parametrize("share", [0.1, 0.5, 1.0, "after"])
def test_a_build_that_writes_a_watched_file_is_suspected_after_one_needless_run_and_held_after_two(
    build: float, share: float | str
) -> None:
    offset = build + 0.5 if share == "after" else build * float(share) * 0.999
    engine = Engine(build, lambda _: [(offset, GENERATED)])
    engine.play(iter([(1.0, MAIN)]), until=600)
    kinds = [type(verdict) for verdict in engine.verdicts]
    assert kinds == [Go, Go, Wait, Held]
    assert engine.runs == 3
    held = engine.verdicts[-1]
    assert isinstance(held, Held)
    assert "`gen/api.pb.go`" in held.reason
    assert held.cure == 'in hybrid.toml, under [services.api]: ignore = ["/gen/api.pb.go"]'
    wait = engine.verdicts[2]
    assert isinstance(wait, Wait)
    assert wait.reason.startswith("loop suspected: `gen/api.pb.go`")


def test_saves_of_other_files_still_reload_while_a_file_is_held() -> None:
    engine = Engine(0.5, lambda _: [(0.2, GENERATED)])
    engine.play(iter([(1.0, MAIN), (60.0, MAIN), (120.0, MAIN)]), until=200)
    assert engine.runs == 5  # three until it was held, then one for each save
    assert engine.loops.held is not None


def test_a_slow_build_that_loops_is_found_too() -> None:
    engine = Engine(40.0, lambda _: [(39.0, GENERATED)])
    engine.play(iter([(1.0, MAIN)]), until=3600)
    assert engine.held
    assert engine.runs <= 6


def test_a_generator_that_settles_is_no_loop() -> None:
    left = iter([0.5, 0.5])
    engine = Engine(1.0, lambda _: [(offset, GENERATED) for offset in itertools.islice(left, 1)])
    engine.play(iter([(1.0, MAIN)]), until=100)
    assert not engine.held
    assert engine.runs == 3


def test_a_held_file_that_somebody_edits_is_released() -> None:
    engine = Engine(0.5, lambda _: [(0.2, GENERATED)])
    engine.play(iter([(1.0, MAIN)]), until=60)
    assert engine.loops.held is not None
    engine.writes = lambda _: []
    engine.change(GENERATED)
    assert isinstance(engine.verdicts[-1], Go)
    assert engine.loops.held is None


def test_a_reload_that_somebody_asked_for_releases_what_is_held() -> None:
    engine = Engine(0.5, lambda _: [(0.2, GENERATED)])
    engine.play(iter([(1.0, MAIN)]), until=60)
    assert engine.loops.held is not None
    engine.loops.vouch()
    assert engine.loops.held is None
    engine.verdicts.clear()
    engine.start()
    engine.play(iter([]), until=200)
    assert [type(verdict) for verdict in engine.verdicts] == [Go, Wait, Held]  # and it is judged anew


@pytest.mark.parametrize("build", [0.05, 0.5, 2.0, 8.0, 30.0])
@pytest.mark.parametrize("period", [0.05, 0.2, 0.7, 1.0, 1.3, 2.0, 3.1, 5.0, 7.0, 11.0, 20.0, 60.0])
def test_an_editor_that_saves_at_any_rate_is_never_held(build: float, period: float) -> None:
    engine = Engine(build)
    engine.play(((1 + n * period, MAIN) for n in range(400)), until=400 * period + 200)
    assert not engine.held
    assert engine.working_until is None
    assert engine.start_at is None  # the last save was built


@pytest.mark.parametrize("pause", [0.005, 0.2, 0.5, 0.99, 1.5])
def test_who_saves_again_as_soon_as_a_version_is_live_is_never_held(pause: float) -> None:
    """Programs do that (a bench, an agent), as regularly as a loop would; but what runs has written nothing."""
    engine = Engine(0.6)
    engine.change(MAIN)
    for _ in range(100):
        engine.play(iter([]), until=engine.now + 0.61 + pause)
        engine.change(MAIN)
    assert [type(verdict) for verdict in engine.verdicts] == [Go] * 101


def test_a_change_that_was_made_during_the_run_but_noticed_later_belongs_to_it() -> None:
    now = 0.0
    loops = Loops("api", [ROOT], lambda: now)
    for expected in (Go, Wait):
        loops.began()
        now += 1.0
        loops.ended(lambda: False)
        now += 0.2
        assert isinstance(loops.changed([GENERATED], age=0.3), expected)
        now += 2.0


@settings(deadline=None, max_examples=300)
@given(
    build=st.floats(0.02, 60),
    period=st.floats(0.05, 60),
    files=st.integers(1, 3),
    warm=st.booleans(),
    seed=st.integers(0, 1 << 32),
)
def test_a_person_who_saves_unevenly_is_never_held(
    build: float, period: float, files: int, warm: bool, seed: int
) -> None:
    dice = random.Random(seed)

    def saves() -> Iterator[tuple[float, Path]]:
        at = 1.0
        yield at, ROOT / "first.go"  # a file of its own: those saved later were never saved while nothing ran
        at += build / 2 if warm else 5.0
        for _ in range(200):
            yield at, ROOT / f"f{dice.randrange(files)}.go"
            at += period * dice.uniform(1.0, 1.45)

    engine = Engine(build)
    engine.play(saves(), until=1e5)
    assert not engine.held
    assert engine.start_at is None


def test_two_saves_during_builds_of_a_file_that_is_being_edited_cause_no_delay() -> None:
    engine = Engine(2.0)
    engine.play(iter([(1.0, MAIN), (2.5, MAIN), (4.0, MAIN), (5.5, MAIN)]), until=20)
    assert [type(verdict) for verdict in engine.verdicts] == [Go] * 4


def test_waiting_ends_at_once_when_somebody_saves() -> None:
    engine = Engine(1.0, lambda _: [(0.5, GENERATED)])
    engine.play(iter([(1.0, MAIN)]), until=2.1)
    assert isinstance(engine.verdicts[-1], Wait)
    engine.writes = lambda _: []
    engine.play(iter([(2.9, GENERATED)]), until=3.0)
    assert isinstance(engine.verdicts[-1], Go)


@pytest.mark.parametrize(
    ("files", "lines"),
    [
        (["out.txt"], ["/out.txt"]),
        (["gen/a.go", "gen/b.go"], ["/gen/"]),
        (["a.go", "b.go"], ["/a.go", "/b.go"]),
        (["we[i]rd*?.txt"], ["/we\\[i]rd\\*\\?.txt"]),
        (["ends "], ["/ends\\ "]),
        (["!bang", "#hash"], ["/!bang", "/#hash"]),
    ],
)
def test_the_line_to_paste(files: list[str], lines: list[str]) -> None:
    assert ignore_lines([ROOT / file for file in files], (ROOT,)) == lines


def test_the_line_to_paste_ignores_exactly_these_files(tmp_path: Path) -> None:
    from hybrid_tasks.engine.matcher import Matcher
    from hybrid_tasks.model.watching import Watch

    root = tmp_path.resolve()
    for name in ("we[i]rd*?.txt", "ends ", "#hash", "!bang", "back\\slash", "plain.txt"):
        matcher = Matcher(root, Watch((root,), ignore=tuple(ignore_lines([root / name], (root,)))))
        assert not matcher.counts(root / name)
        assert matcher.counts(root / "other.txt")
        assert matcher.counts(root / "sub" / name)
