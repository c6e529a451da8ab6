"""Asking until the first good answer, and asking a serving instance from time to time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

from hybrid_tasks.health.asked import Asked, Clock
from hybrid_tasks.health.probes import ask
from hybrid_tasks.model.probe import AliveProbe, ExecProbe, HttpProbe, LogProbe, Pace, Probe, TcpProbe
from hybrid_tasks.model.verdict import Healthy, Unhealthy, Verdict

FIRST_PAUSE = 0.002
LAST_PAUSE = 0.25
GROWTH = 1.3
"""Of the pauses between two questions: one is about a third of the time waited so far, and so is what it may cost."""
NEWS = 1.0
"""Seconds after which it is worth telling why a new instance is not healthy yet."""
LOOK_PAUSE = 0.01
LOOKS = 3
"""Looks in a row at which a program was still, before its start counts as done."""
BUSY = 10
"""Times its `settle` that a program may be busy and counts as started all the same."""
LONG = 5.0
"""Seconds between two questions of which nobody misses half a second."""
_CLOCK = Clock()


async def first_answer(probe: Probe, pace: Pace, at: Asked, died: Awaitable[object], clock: Clock = _CLOCK) -> Verdict:
    """Ask a new instance until it answers well, its start period is over, or it dies.

    Args:
        probe: the question.
        pace: its `timeout` and `start_period` count, in seconds.
        at: the instance.
        died: done as soon as the instance has ended, perhaps with something that has a `code`; a task or future is
            left alone, a coroutine is cancelled.
        clock: the time.

    Returns:
        Healthy, or Unhealthy with the last reason.
    """
    ended = asyncio.ensure_future(died)
    polling = asyncio.ensure_future(_poll(probe, pace, at, clock))
    try:
        await asyncio.wait({ended, polling}, return_when=asyncio.FIRST_COMPLETED)
        if not ended.done():
            return polling.result()
        code = _code(ended)
        # without a port it was not to serve anybody, and has done its work
        if code == 0 and at.port is None and isinstance(probe, AliveProbe | LogProbe):
            verdict = polling.result() if polling.done() else await ask(probe, at)
            return verdict if isinstance(verdict, Healthy) else Unhealthy(_death(code))
        return Unhealthy(_death(code))
    finally:
        ours = [polling] if ended is died else [polling, ended]
        for task in ours:
            task.cancel()
        await asyncio.gather(*ours, return_exceptions=True)


class Monitor:
    """Asks a serving instance about every `interval`, one question at a time, and says when its health changes.

    Probes that say nothing about a running instance (log line, READY=1, alive) are not asked again.

    Args:
        probe: the question.
        pace: `interval` seconds between an answer and the next question (see `together`); `retries` failures in a
            row make the instance unhealthy, one good answer makes it healthy again.
        at: the instance.
        changed: hears each change between healthy and unhealthy.
        clock: the time.
    """

    def __init__(
        self, probe: Probe, pace: Pace, at: Asked, changed: Callable[[Verdict], None], clock: Clock = _CLOCK
    ) -> None:
        self.verdict: Verdict = Healthy()
        self._probe = probe
        self._pace = pace
        self._at = replace(at, timeout=pace.timeout, patience=0.0)
        self._changed = changed
        self._clock = clock
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin; the first question comes after one interval, for the instance has just answered."""
        if self._task is None and isinstance(self._probe, HttpProbe | TcpProbe | ExecProbe):
            self._task = asyncio.get_running_loop().create_task(self._watch())

    async def stop(self) -> None:
        """End, also in the middle of a question; nothing is said any more."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def doubt(self) -> None:
        """Ask now, and believe one failure: something has happened to what is asked."""
        if self._task is not None:
            self._tell(await ask(self._probe, self._at))

    def _tell(self, answer: Verdict) -> None:
        news = type(answer) is not type(self.verdict)
        self.verdict = answer
        if news:
            self._changed(answer)

    def _pause(self) -> float:
        if isinstance(self._probe, ExecProbe):
            return self._pace.interval  # commands that come together would slow each other down, time after time
        return together(self._clock.now(), self._pace.interval)

    async def _watch(self) -> None:
        failures = 0
        while True:
            await self._clock.sleep(self._pause())
            answer = await ask(self._probe, self._at)
            failures = 0 if isinstance(answer, Healthy) else failures + 1
            if 0 < failures < self._pace.retries:
                continue
            self._tell(answer)


def together(now: float, interval: float) -> float:
    """Give the seconds until the next question, rounded to a whole second of the clock where the interval is long.

    The questions about several services come together by that: whoever wakes ten times in a second finds the
    processor's caches cold ten times, which costs more than the questions.

    Args:
        now: seconds of the clock.
        interval: seconds wished for.
    """
    return interval if interval < LONG else round(now + interval) - now


async def _poll(probe: Probe, pace: Pace, at: Asked, clock: Clock) -> Verdict:
    if isinstance(probe, AliveProbe):
        await _come_up(probe, at, clock)
        return Healthy()
    begun = clock.now()
    over = begun + pace.start_period
    pause, told = FIRST_PAUSE, ""
    while True:
        left = max(over - clock.now(), 0.0)
        answer = await ask(probe, replace(at, timeout=min(pace.timeout, max(left, FIRST_PAUSE)), patience=left))
        if isinstance(answer, Healthy):
            return answer
        reason = answer.reason if isinstance(answer, Unhealthy) else "no answer"
        if at.failing is not None and reason != told and clock.now() - begun >= NEWS:
            at.failing(reason)
            told = reason
        if clock.now() + pause >= over:
            return Unhealthy(f"not healthy within {pace.start_period:g} s: {reason}")
        await clock.sleep(pause)
        pause = min(pause * GROWTH, LAST_PAUSE)


async def _come_up(probe: AliveProbe, at: Asked, clock: Clock) -> None:
    """Wait until a program has done its start: most that fail at it are busy until then."""
    if at.activity is None:
        await clock.sleep(probe.settle)
        return
    over = clock.now() + probe.settle * BUSY
    looks = 0
    while looks < LOOKS and clock.now() < over:
        await clock.sleep(LOOK_PAUSE)
        looks = looks + 1 if at.activity.still() else 0


def _code(ended: asyncio.Future[object]) -> int | None:
    """How it ended, as far as what was waited for knows."""
    if ended.cancelled() or ended.exception() is not None:
        return None
    return getattr(ended.result(), "code", None)


def _death(code: int | None) -> str:
    return "it ended before it was healthy" if code is None else f"it ended with {code} before it was healthy"
