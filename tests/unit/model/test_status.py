"""The one word for what a service is."""

from __future__ import annotations

import pytest

from hybrid_tasks.model.status import (
    Blocked,
    Crashed,
    Finished,
    Held,
    InFlight,
    Instance,
    Rest,
    Stopped,
    Unit,
    Waiting,
    word,
)

SERVING = Instance("run", 1, 0.0, "print", "replace")


@pytest.mark.parametrize(
    ("rest", "stage", "serving", "expected"),
    [
        (Stopped(), None, None, "stopped"),
        (Waiting(()), None, None, "starting"),  # bug: between two tries it was said to wait, for nothing
        (Waiting(("db",)), None, None, "waiting"),
        (Waiting(("db",)), "gate", None, "waiting"),
        (Waiting(()), "build", None, "building"),
        (Waiting(()), "probe", None, "starting"),
        (None, None, SERVING, "running"),
        (None, "build", SERVING, "running"),
        (Held("it changes its own source"), "build", SERVING, "held"),
        (Blocked("`go` is missing"), None, None, "blocked"),
        (Crashed(1), None, None, "crashed"),
        (Crashed(1), "launch", None, "starting"),
        (Finished(), None, None, "finished"),
    ],
)
def test_the_word_for_it(rest: Rest | None, stage: str | None, serving: Instance | None, expected: str) -> None:
    swap = InFlight(stage, 0.0) if stage else None
    assert word(Unit("web", wanted=True, serving=serving, swap=swap, rest=rest)) == expected
