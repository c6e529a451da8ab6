"""A clock for what waits: time passes at once."""

from __future__ import annotations

import asyncio

from hybrid_tasks.health.asked import Clock


class Time:
    """A clock that jumps: sleeping lets the event loop run once and costs nothing."""

    def __init__(self) -> None:
        self.time = 1000.0
        self.slept: list[float] = []

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.time += seconds
        await asyncio.sleep(0)

    def clock(self) -> Clock:
        return Clock(lambda: self.time, self.sleep)
