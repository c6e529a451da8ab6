"""Observers hear everything in order, and nobody waits for them."""

from __future__ import annotations

import threading

from hybrid_tasks.model.events import Event
from hybrid_tasks.supervisor.telling import Telling


def event(number: int) -> Event:
    return Event("state", float(number), "web", {})


def test_bug_observers_were_told_in_any_order() -> None:
    heard: list[float] = []
    telling = Telling(lambda told: heard.append(told.at), lambda: True)
    for number in range(500):
        telling.hear(event(number))
    telling.close(30)
    assert heard == [float(number) for number in range(500)]


def test_bug_a_hanging_observer_held_up_the_end() -> None:
    begun, release = threading.Event(), threading.Event()

    def hang(_event: Event) -> None:
        begun.set()
        release.wait(60)

    telling = Telling(hang, lambda: True)
    telling.hear(event(0))
    assert begun.wait(30)
    for number in range(5000):
        telling.hear(event(number))
    telling.close(0)
    release.set()


def test_without_observers_there_is_no_thread() -> None:
    before = threading.active_count()
    telling = Telling(lambda _event: None, lambda: False)
    telling.hear(event(0))
    assert threading.active_count() == before
    telling.close(0)
