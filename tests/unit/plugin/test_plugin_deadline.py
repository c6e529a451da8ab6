"""Calls of strangers' code share a few threads; one that does not come back costs its own and no other."""

from __future__ import annotations

import threading

import pytest

from hybrid_tasks.plugin.deadline import Aside, Overdue, within


def test_calls_one_after_the_other_need_one_thread() -> None:
    aside = Aside()
    threads = {within(threading.get_ident, 10.0, aside) for _ in range(50)}
    assert len(threads) == 1
    assert threading.get_ident() not in threads


def test_a_call_that_hangs_does_not_hold_up_the_next() -> None:
    aside, come_back = Aside(), threading.Event()
    with pytest.raises(Overdue):
        within(come_back.wait, 0.05, aside)
    assert within(lambda: "answer", 10.0, aside) == "answer"
    come_back.set()


def test_a_thread_is_used_again_after_what_it_called_has_raised() -> None:
    aside = Aside()
    first = within(threading.get_ident, 10.0, aside)
    with pytest.raises(SystemExit):
        within(lambda: exit(3), 10.0, aside)  # noqa: PLR1722 - what a plugin may do
    assert within(threading.get_ident, 10.0, aside) == first


def test_a_thread_that_is_not_needed_ends() -> None:
    aside = Aside()
    within(threading.current_thread, 10.0, aside).join(10.0)
    assert not aside.free
    assert within(lambda: "answer", 10.0, aside) == "answer"
