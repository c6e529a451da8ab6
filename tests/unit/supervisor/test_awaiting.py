"""Waiting for services on behalf of a client."""

from __future__ import annotations

import asyncio
import gc
import warnings
from types import SimpleNamespace
from typing import Any

from hybrid_tasks.errors import Code
from hybrid_tasks.supervisor.awaiting import until
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
