"""Waiting for services on behalf of a client."""

from __future__ import annotations

import asyncio
import gc
import warnings
from types import SimpleNamespace
from typing import Any

from hybrid_tasks.errors import Code
from hybrid_tasks.model.receipt import Result
from hybrid_tasks.model.status import Crashed, InFlight
from hybrid_tasks.supervisor.awaiting import under_debugger, until
from hybrid_tasks.supervisor.bus import Bus


def test_bug_what_was_over_at_once_left_a_coroutine_that_nobody_awaited() -> None:
    async def play() -> Code:
        estate: Any = SimpleNamespace(bus=Bus(), loaded=None)
        reply: Any = SimpleNamespace(closed=asyncio.Event(), cancelled=asyncio.Event())
        return await until(estate, reply, [], lambda _: None, 1)

    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        assert asyncio.run(play()) is Code.DONE
        gc.collect()
    assert [str(one.message) for one in heard] == []


def test_bug_a_save_that_failed_as_soon_as_the_debugger_was_there_ended_the_session() -> None:
    """The receipt of the debugger's swap may be followed by that of a save before anybody looks."""

    def unit(*, debugged: bool, swap: object = None) -> Any:
        rest = Crashed(1) if not debugged else None
        return SimpleNamespace(
            debugged=debugged,
            deciding=False,
            reviving=False,
            service=SimpleNamespace(optional=False),
            state=SimpleNamespace(last_receipt=failed, swap=swap, wanted=True, rest=rest, serving=None, verdict=None),
        )

    failed: Any = SimpleNamespace(result=Result.FAILED)
    before: Any = SimpleNamespace(result=Result.LIVE)
    assert under_debugger(unit(debugged=True), before) is Code.DONE
    assert under_debugger(unit(debugged=True, swap=InFlight("build", 0.0)), before) is Code.DONE
    assert under_debugger(unit(debugged=False), before) is Code.FAILED
