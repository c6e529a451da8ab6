"""Programs that are only asked whether they live: their start is over when they wait for something to do."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

from hybrid_tasks.health.asked import Asked, Clock
from hybrid_tasks.health.monitor import BUSY, LOOKS, first_answer
from hybrid_tasks.model.probe import AliveProbe, Pace
from hybrid_tasks.model.verdict import Healthy, Unhealthy, Verdict


class Played:
    """An instance that is at work for some looks, in a time of its own; it may end after some."""

    def __init__(self, looks: Iterator[bool], ends_after: int | None = None) -> None:
        self.time = 0.0
        self.looked = 0
        self._looks = looks
        self._ends_after = ends_after
        self.died = asyncio.get_running_loop().create_future()

    def still(self) -> bool:
        self.looked += 1
        if self.looked == self._ends_after:
            self.died.set_result(None)
        return next(self._looks)

    async def sleep(self, seconds: float) -> None:
        self.time += seconds
        await asyncio.sleep(0)


def come_up(looks: list[bool], rest: bool, ends_after: int | None = None) -> tuple[Verdict, Played]:
    async def main() -> tuple[Verdict, Played]:
        played = Played((looks.pop(0) if looks else rest for _ in iter(int, 1)), ends_after)
        clock = Clock(lambda: played.time, played.sleep)
        verdict = await first_answer(AliveProbe(0.1), Pace(), Asked(activity=played), played.died, clock)
        return verdict, played

    return asyncio.run(main())


def test_healthy_after_some_looks_in_a_row_at_which_it_was_still() -> None:
    verdict, played = come_up([False, True, False], rest=True)
    assert verdict == Healthy()
    assert played.looked == 3 + LOOKS


def test_a_program_that_is_always_busy_is_healthy_after_a_second() -> None:
    verdict, played = come_up([], rest=False)
    assert verdict == Healthy()
    assert 0.1 * BUSY <= played.time < 0.1 * BUSY + 0.1


def test_a_program_that_fails_at_the_end_of_a_long_start_was_never_healthy() -> None:
    verdict, _ = come_up([], rest=False, ends_after=40)
    assert isinstance(verdict, Unhealthy)
