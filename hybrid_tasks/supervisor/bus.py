"""Events: published by whoever changes something, heard by clients and by observers among the plugins."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping

from hybrid_tasks.model.events import Event

Hear = Callable[[Event], None]


class Bus:
    """Hands every event to every listener, in order and without waiting for any of them.

    Args:
        now: seconds since the epoch.
    """

    def __init__(self, now: Callable[[], float] = time.time) -> None:
        self._now = now
        self._listeners: list[Hear] = []
        self._changed = asyncio.Event()

    def publish(self, kind: str, service: str | None = None, data: Mapping[str, object] | None = None) -> None:
        """Tell everybody that something happened."""
        event = Event(kind, self._now(), service, data or {})
        for hear in tuple(self._listeners):
            hear(event)
        self.nudge()

    def nudge(self) -> None:
        """Let everybody who waits look again, without an event to tell."""
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()

    def listen(self, hear: Hear) -> Callable[[], None]:
        """Call `hear` with every event from now on.

        Args:
            hear: must not block and must not raise.

        Returns:
            a function that ends it.
        """
        self._listeners.append(hear)
        return lambda: self._listeners.remove(hear)

    async def changed(self) -> None:
        """Wait for the next event, whatever it is."""
        await self._changed.wait()
