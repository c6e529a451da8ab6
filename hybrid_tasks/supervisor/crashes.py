"""What a crash is answered with: another start after a growing pause, or none until the source changes."""

from __future__ import annotations

import asyncio
import signal
import time
from collections import deque
from collections.abc import Callable, Sequence

from hybrid_tasks.model.service import Restart
from hybrid_tasks.model.status import Crashed, Finished

FIRST = 0.5
LONGEST = 30.0
WINDOW = 30.0
MOST = 8
CALM = 60.0


def how_ended(code: int) -> str:
    """Put an exit code into words.

    Args:
        code: of a program; negative for a signal.
    """
    if code >= 0:
        return f"ended with {code}"
    try:
        return f"ended by {signal.Signals(-code).name}"
    except ValueError:
        return f"ended by signal {-code}"


class Backoff:
    """The starts of one service: the pauses double, and too many in a row end it.

    Times are seconds of one monotonic clock, passed in.
    """

    def __init__(self) -> None:
        self._starts: deque[float] = deque(maxlen=MOST)
        self._pause = FIRST

    def started(self, now: float) -> None:
        """Note a start."""
        self._starts.append(now)

    def pause(self, now: float, healthy_for: float | None) -> float | None:
        """Say how long to wait before the next start.

        Args:
            now: when the instance ended.
            healthy_for: seconds since its first healthy answer, None when it never gave one.

        Returns:
            seconds, or None: do not start it again before something changes.
        """
        if healthy_for is None:
            return None
        if healthy_for >= CALM:
            self.reset()
        if len(self._starts) == MOST and now - self._starts[0] < WINDOW:
            return None
        pause, self._pause = self._pause, min(self._pause * 2, LONGEST)
        return pause

    def reset(self) -> None:
        """Forget everything: the user acted, or it ran well for long."""
        self._starts.clear()
        self._pause = FIRST


class Revival:
    """The answer to the end of a service's instances: it is over, or another start is due.

    Args:
        revive: called when the pause is over.
    """

    def __init__(self, revive: Callable[[], None]) -> None:
        self._revive = revive
        self._backoff = Backoff()
        self._timer: asyncio.TimerHandle | None = None

    @property
    def pending(self) -> bool:
        """Whether another start is due."""
        return self._timer is not None

    def started(self) -> None:
        """Note a start that became healthy; it may be in the place of one that had ended meanwhile."""
        self.cancel()
        self._backoff.started(time.monotonic())

    def ended(self, restart: Restart, code: int, tail: Sequence[str], healthy_for: float) -> Finished | Crashed:
        """Answer the end of an instance that nobody stopped.

        Args:
            restart: the service's rule.
            code: how it ended, negative for a signal.
            tail: its last lines.
            healthy_for: seconds since its first healthy answer.

        Returns:
            what the service is until something happens; `pending` tells whether that comes by itself.
        """
        if code == 0 and restart is not Restart.ALWAYS:
            return Finished()
        pause = None if restart is Restart.NEVER else self._backoff.pause(time.monotonic(), healthy_for)
        if pause is None:
            return Crashed(code, tuple(tail), "waits for a change")
        self._timer = asyncio.get_running_loop().call_later(pause, self._due)
        return Crashed(code, tuple(tail), f"starts again in {pause:g} s")

    def failed(self, restart: Restart, tail: Sequence[str]) -> Finished | Crashed:
        """Answer a start after a crash that did not become healthy: it counts like one more crash.

        Args:
            restart: the service's rule.
            tail: why it failed.
        """
        self.started()
        return self.ended(restart, 1, tail, 0.0)

    def reset(self) -> None:
        """Forget everything: the user acted."""
        self.cancel()
        self._backoff.reset()

    def cancel(self) -> None:
        """Do not start it again."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _due(self) -> None:
        self._timer = None
        self._revive()
