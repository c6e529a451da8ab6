"""Waiting for the first answer of a new instance: the pace, the patience, and its death meanwhile."""

from __future__ import annotations

import asyncio
import itertools
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from jumping_clock import Time

from hybrid_tasks.health.asked import Asked
from hybrid_tasks.health.monitor import FIRST_PAUSE, LAST_PAUSE, first_answer
from hybrid_tasks.model.command import Command
from hybrid_tasks.model.probe import AliveProbe, ExecProbe, HttpProbe, LogProbe, NotifyProbe, Pace
from hybrid_tasks.model.verdict import Healthy, Unhealthy, Verdict

GET = HttpProbe("/")
EXEC = ExecProbe(Command(("check",), Path("/")))


def answering(codes: Iterator[int], cost: Callable[[], None] = lambda: None) -> Asked:
    async def run(command: Command, seconds: float) -> tuple[int, str]:
        cost()
        return next(codes), ""

    return Asked(run_exec=run)


async def never() -> None:
    await asyncio.Event().wait()


def test_the_first_answer_is_asked_for_often_at_first_and_less_later() -> None:
    time = Time()
    at = answering(itertools.chain([1] * 22, [0]))
    assert asyncio.run(first_answer(EXEC, Pace(), at, never(), time.clock())) == Healthy()
    assert (time.slept[0], time.slept[-2:]) == (FIRST_PAUSE, [LAST_PAUSE, LAST_PAUSE])
    assert time.slept == sorted(time.slept)
    before = list(itertools.accumulate(time.slept))
    assert all(pause < waited / 2 for waited, pause in zip(before[4:], time.slept[5:], strict=False))


def test_a_healthy_answer_at_once_costs_no_pause() -> None:
    time = Time()
    assert asyncio.run(first_answer(EXEC, Pace(), answering(itertools.repeat(0)), never(), time.clock())) == Healthy()
    assert time.slept == []


def test_bug_nobody_heard_why_a_new_instance_was_not_healthy_before_it_was_given_up() -> None:
    time, told = Time(), list[tuple[float, str]]()
    codes = itertools.chain([1] * 24, [2] * 5, [1] * 100)  # the first second is no news
    at = replace(answering(codes), failing=lambda reason: told.append((time.time - 1000, reason)))
    asyncio.run(first_answer(EXEC, Pace(start_period=5), at, never(), time.clock()))
    assert [reason for _, reason in told] == [f"`check` ended with {code}" for code in (1, 2, 1)]
    assert told[0][0] >= 1


def test_it_is_given_up_when_the_start_period_is_over() -> None:
    time = Time()
    pace = Pace(start_period=3)
    verdict = asyncio.run(first_answer(EXEC, pace, answering(itertools.repeat(7)), never(), time.clock()))
    assert verdict == Unhealthy("not healthy within 3 s: `check` ended with 7")
    assert 1002.5 < time.time <= 1003


def test_no_question_lasts_longer_than_the_start_period() -> None:
    seen = []

    async def run(command: Command, seconds: float) -> tuple[int, str]:
        seen.append(seconds)
        time.time += seconds
        raise TimeoutError

    time = Time()
    pace = Pace(timeout=2, start_period=5)
    asyncio.run(first_answer(EXEC, pace, Asked(run_exec=run), never(), time.clock()))
    assert seen[:2] == [2, 2]
    assert sum(seen) + sum(time.slept) == pytest.approx(5)


@dataclass
class Ended:
    code: int


@pytest.mark.parametrize("healthy_too", [False, True])
def test_death_ends_the_waiting_at_once(healthy_too: bool) -> None:
    async def main() -> Verdict:
        async def died() -> Ended:
            return Ended(-9)

        at = answering(itertools.repeat(0 if healthy_too else 1))
        async with asyncio.timeout(20):
            return await first_answer(EXEC, Pace(start_period=100), at, died())

    assert asyncio.run(main()) == Unhealthy("it ended with -9 before it was healthy")


def test_death_interrupts_a_question_that_hangs() -> None:
    async def main() -> Verdict:
        async with asyncio.timeout(20):
            with socket.create_server(("127.0.0.1", 0)) as silent:
                died = asyncio.get_running_loop().create_future()
                at = Asked(port=silent.getsockname()[1])
                waiting = asyncio.ensure_future(first_answer(GET, Pace(timeout=60, start_period=60), at, died))
                connection, _ = await asyncio.to_thread(silent.accept)
                died.set_result(None)
                with connection:
                    return await waiting

    assert asyncio.run(main()) == Unhealthy("it ended before it was healthy")


def test_a_future_that_others_wait_for_is_left_alone() -> None:
    async def main() -> None:
        died = asyncio.get_running_loop().create_future()
        await first_answer(EXEC, Pace(), answering(itertools.repeat(0)), died)
        assert not died.cancelled()

    asyncio.run(main())


def test_cancelling_the_wait_leaves_nothing_running() -> None:
    async def main() -> None:
        with socket.create_server(("127.0.0.1", 0)) as silent:
            at = Asked(port=silent.getsockname()[1])
            waiting = asyncio.ensure_future(first_answer(GET, Pace(), at, never()))
            connection, _ = await asyncio.to_thread(silent.accept)
            waiting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await waiting
            connection.settimeout(10)
            with connection:
                while await asyncio.to_thread(connection.recv, 1000):
                    pass
            assert asyncio.all_tasks() == {asyncio.current_task()}

    asyncio.run(main())


def test_alive_is_healthy_after_a_moment() -> None:
    time = Time()
    assert asyncio.run(first_answer(AliveProbe(0.1), Pace(), Asked(), never(), time.clock())) == Healthy()
    assert time.slept == [0.1]


def test_a_log_line_is_waited_for() -> None:
    time = Time()
    batches = iter([["starting"], [], ["listening on :80", "more"]])
    at = Asked(lines=lambda: next(batches))
    assert asyncio.run(first_answer(LogProbe("listening"), Pace(), at, never(), time.clock())) == Healthy()
    assert len(time.slept) == 2


def test_ready_is_heard_without_polling() -> None:
    class Heard:
        event = asyncio.Event()

        async def wait(self) -> None:
            await self.event.wait()

        def why(self) -> str:
            return "not yet"

    async def main() -> Verdict:
        heard = Heard()
        waiting = asyncio.ensure_future(first_answer(NotifyProbe(), Pace(), Asked(ready=heard), never()))
        await asyncio.sleep(0.01)
        assert not waiting.done()
        heard.event.set()
        async with asyncio.timeout(10):
            return await waiting

    assert asyncio.run(main()) == Healthy()
