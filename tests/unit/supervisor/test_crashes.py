"""Crashes are answered with growing pauses, and with none at all when they do not end."""

from __future__ import annotations

from hybrid_tasks.supervisor.crashes import Backoff


def test_pauses_double_up_to_half_a_minute() -> None:
    backoff, now, found = Backoff(), 0.0, []
    for _ in range(9):
        backoff.started(now)
        pause = backoff.pause(now + 1, 1.0)
        assert pause is not None
        found.append(pause)
        now += 1 + pause
    assert found == [0.5, 1, 2, 4, 8, 16, 30, 30, 30]


def test_what_was_never_healthy_waits_for_a_change() -> None:
    assert Backoff().pause(1.0, None) is None


def test_eight_starts_in_thirty_seconds_are_the_last() -> None:
    backoff = Backoff()
    for number in range(8):
        backoff.started(number * 3.0)
    assert backoff.pause(22.0, 0.1) is None


def test_a_minute_of_health_forgets_earlier_crashes() -> None:
    backoff = Backoff()
    for number in range(5):
        backoff.started(number)
        backoff.pause(number, 0.1)
    assert backoff.pause(100.0, 61.0) == 0.5
