"""Telling observers among the plugins what happens: in order, from one thread, so that nobody waits for them."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable

from hybrid_tasks.model.events import Event

MOST = 1000
"""Events that wait for a slow observer; what comes on top is not told."""


class Telling:
    """A thread that hands on events; it is started by the first one, and never keeps the process alive.

    Args:
        tell: hands an event to every observer; may block.
        wanted: whether there is any observer.
    """

    def __init__(self, tell: Callable[[Event], None], wanted: Callable[[], bool]) -> None:
        self._tell = tell
        self._wanted = wanted
        self._queue: queue.Queue[Event | None] = queue.Queue(MOST)
        self._thread: threading.Thread | None = None

    def hear(self, event: Event) -> None:
        """Take an event; never blocks."""
        if not self._wanted():
            return
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="observers", daemon=True)
            self._thread.start()
        self._put(event)

    def close(self, seconds: float) -> None:
        """Let observers hear the rest, for this long at most."""
        if self._thread is not None:
            self._put(None)
            self._thread.join(seconds)

    def _put(self, event: Event | None) -> None:
        try:
            self._queue.put_nowait(event)
        except queue.Full:
            return

    def _run(self) -> None:
        while (event := self._queue.get()) is not None:
            self._tell(event)
