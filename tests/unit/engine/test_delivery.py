"""Handing over: batches, unfinished saves, receivers that fail."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from receiver import Receiver
from waiting import until

from hybrid_tasks.engine.delivery import Delivery


@pytest.fixture
def told() -> Receiver:
    return Receiver()


@pytest.fixture
def delivery(told: Receiver) -> Iterator[Delivery]:
    delivery = Delivery(told)
    yield delivery
    delivery.close()
    assert not [thread for thread in threading.enumerate() if thread.name == "hybrid-late-events"]


def test_marks_are_handed_over_together_and_once(delivery: Delivery, told: Receiver) -> None:
    delivery.mark("/a", "/b")
    delivery.mark("/a")
    delivery.flush()
    delivery.flush()
    assert told.calls == [frozenset({Path("/a"), Path("/b")})]


def test_everything_covers_all_paths(delivery: Delivery, told: Receiver) -> None:
    delivery.mark("/a")
    delivery.mark_everything()
    delivery.flush()
    assert told.calls == [None]


def test_nothing_marked_wakes_nobody(delivery: Delivery, told: Receiver) -> None:
    before = threading.active_count()
    delivery.flush()
    delivery.mark("/a")
    delivery.flush()
    assert len(told.calls) == 1
    assert threading.active_count() == before


def test_an_unfinished_save_is_told_when_it_is_complete(delivery: Delivery, told: Receiver) -> None:
    delivery.mark_unfinished("/a")
    delivery.flush()
    assert told.calls == []
    delivery.mark("/a")
    delivery.flush()
    delivery.mark_unfinished("/b")
    assert told.hears(Path("/b"))
    assert told.calls == [frozenset({Path("/a")}), frozenset({Path("/b")})]


def test_an_unfinished_save_is_told_after_a_moment_though_nothing_else_happens(
    delivery: Delivery, told: Receiver
) -> None:
    delivery.mark_unfinished("/a")
    assert told.hears(Path("/a"))


@pytest.mark.parametrize("everything", [True, False])
def test_what_a_failing_receiver_did_not_take_is_told_again(everything: bool) -> None:
    fails = threading.Event()
    fails.set()
    told = Receiver()

    def receive(paths: frozenset[Path] | None) -> None:
        if fails.is_set():
            raise ValueError("not now")
        told(paths)

    delivery = Delivery(receive)
    try:
        delivery.mark("/a")
        if everything:
            delivery.mark_everything()
        delivery.flush()
        assert delivery.failure == "ValueError: not now"
        fails.clear()
        delivery.mark("/b") if not everything else None
        assert until(lambda: told.calls)
        assert told.hears_of_everything() if everything else told.hears(Path("/a"))
        assert until(lambda: delivery.failure is None)
    finally:
        delivery.close()


def test_nothing_is_told_after_closing(told: Receiver) -> None:
    delivery = Delivery(told)
    delivery.mark_unfinished("/a")
    delivery.close()
    delivery.mark("/b")
    delivery.mark_unfinished("/c")
    delivery.flush()
    assert told.calls == []


def test_the_receiver_is_never_called_twice_at_once() -> None:
    inside, most, lock = 0, 0, threading.Lock()
    pause = threading.Event()

    def receive(paths: frozenset[Path] | None) -> None:
        nonlocal inside, most
        with lock:
            inside += 1
            most = max(most, inside)
        pause.wait(0.002)
        with lock:
            inside -= 1

    delivery = Delivery(receive)

    def work(number: int) -> None:
        for turn in range(20):
            delivery.mark(f"/{number}/{turn}")
            delivery.flush()

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    delivery.close()
    assert most == 1
