"""When saving has paused: histories of saves, and what is due after each."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hybrid_tasks.engine.bursts import Quiet
from hybrid_tasks.model.watching import Debounce


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def play(history: list[tuple[float, int]], debounce: Debounce | None = None) -> tuple[Quiet, Clock]:
    """Saves at (seconds, number of the file; -n: n files at once)."""
    clock = Clock()
    quiet = Quiet(debounce or Debounce(), clock)
    for at, number in history:
        clock.now = 1000.0 + at
        quiet.saw([Path(f"f{index}") for index in (range(-number) if number < 0 else [number])])
    return quiet, clock


@pytest.mark.parametrize(
    ("history", "remaining"),
    [
        pytest.param([], 0.0, id="nothing was saved"),
        pytest.param([(0, 1)], 0.015, id="one file"),
        pytest.param([(0, 1), (0.005, 1), (0.010, 1)], 0.015, id="one file in three parts"),
        pytest.param([(0, 1), (0.08, 1)], 0.015, id="a formatter saves once more"),
        pytest.param([(0, 1), (0.001, 2), (0.002, 3)], 0.015, id="three files are no burst"),
        pytest.param([(0, -4)], 0.05, id="four files at once are one"),
        pytest.param([(0, -200)], 0.05, id="a checkout"),
        pytest.param([(0.03 * n, n) for n in range(20)], 0.075, id="a generator with pauses of 30 ms"),
        pytest.param([(0.1 * n, n) for n in range(20)], 0.215, id="a generator with pauses of 100 ms"),
        pytest.param([(0.2 * n, 1) for n in range(20)], 0.015, id="an editor that saves one file for ever"),
        pytest.param([(0, -200), (5, 1)], 0.015, id="a burst that is over is forgotten"),
    ],
)
def test_seconds_left_right_after_the_last_save(history: list[tuple[float, int]], remaining: float) -> None:
    quiet, _ = play(history)
    assert quiet.remaining() == pytest.approx(remaining, abs=1e-6)


def test_it_gets_quiet_as_time_passes() -> None:
    quiet, clock = play([(0, 1)])
    clock.now += 0.010
    assert quiet.remaining() == pytest.approx(0.005)
    clock.now += 0.006
    assert quiet.remaining() == 0


def test_the_services_own_quiet_time_is_the_least() -> None:
    assert play([(0, 1)], Debounce(quiet=2.0))[0].remaining() == pytest.approx(2.0)
    assert play([(0, -50)], Debounce(quiet=2.0))[0].remaining() == pytest.approx(2.0)


def test_a_stream_that_never_pauses_delays_no_longer_than_the_limit() -> None:
    quiet, clock = play([(0.01 * n, n) for n in range(100)], Debounce(limit=1.0))
    assert quiet.remaining() == pytest.approx(0.01)
    clock.now += 0.01
    assert quiet.remaining() == 0
    quiet.saw([Path("next")])
    assert quiet.remaining() > 0  # what follows is delayed anew


@given(
    st.lists(st.tuples(st.floats(0.0, 0.4), st.integers(-6, 6)), min_size=1, max_size=60),
    st.floats(0.001, 1.0),
    st.floats(0.0, 5.0),
)
def test_never_sooner_than_quiet_and_never_later_than_the_limit(
    steps: list[tuple[float, int]], least: float, more: float
) -> None:
    debounce = Debounce(least, least + more)
    at, history = 0.0, []
    for pause, number in steps:
        at += pause
        history.append((at, number))
    quiet, _ = play(history, debounce)
    assert 0.0 <= quiet.remaining() <= max(least, 0.25) + 1e-9
    assert quiet.remaining() <= debounce.limit + 1e-9
    if at < debounce.limit - max(least, 0.25):
        assert quiet.remaining() >= least - 1e-9
