"""What asks for the next swap, and what a cancelled one still owes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hybrid_tasks.errors import WrongInput
from hybrid_tasks.model.receipt import Receipt, Result
from hybrid_tasks.supervisor.recording import refused
from hybrid_tasks.supervisor.triggers import Triggers

CANCELLED = Receipt("1", "web", "restart", Result.CANCELLED, "replace", "f", 0.0)


@pytest.fixture
def triggers() -> Triggers:
    """Those of a service whose restart a save has ended."""
    triggers = Triggers()
    triggers.next = "restart"
    assert triggers.take() == "restart"
    assert not triggers
    triggers.ended(CANCELLED)
    return triggers


def test_a_cancelled_restart_is_owed_once_nothing_else_is_to_be_done(triggers: Triggers) -> None:
    assert triggers
    assert triggers.take() is None
    assert triggers.owed() == "restart"
    assert triggers.acting == "restart"
    assert not triggers
    assert triggers.owed() is None


@pytest.mark.parametrize(("result", "owed"), [(Result.LIVE, False), (Result.FAILED, False), (Result.UNCHANGED, True)])
def test_the_swap_of_a_save_answers_a_restart_as_well(triggers: Triggers, result: Result, owed: bool) -> None:
    triggers.ended(replace(CANCELLED, trigger="save"))
    assert triggers
    triggers.ended(replace(CANCELLED, trigger="save", result=result))
    assert bool(triggers) is owed


def test_what_is_not_wanted_any_more_owes_nothing(triggers: Triggers) -> None:
    triggers.forget()
    assert not triggers


@pytest.mark.parametrize(("asked", "left"), [("crash", None), ("restart", "restart")])
def test_bug_what_serves_was_started_again_for_the_end_of_the_one_before(asked: str, left: str | None) -> None:
    triggers = Triggers()
    triggers.next = asked
    triggers.served()
    assert triggers.take() == left


def test_a_cancelled_save_owes_nothing() -> None:
    triggers = Triggers()
    triggers.ended(replace(CANCELLED, trigger="save"))
    assert not triggers


def test_bug_what_could_not_be_begun_was_always_a_save_that_failed() -> None:
    receipt = refused("web", "f", WrongInput("no"), None, 0.0, trigger="restart")
    assert (receipt.trigger, receipt.result, receipt.error) == ("restart", Result.FAILED, "no")
