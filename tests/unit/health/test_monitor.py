"""Asking again and again: the pace, the patience and what is made of several answers."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from hybrid_tasks.health.asked import Asked, Clock
from hybrid_tasks.health.monitor import FIRST_PAUSE, LAST_PAUSE, Monitor, first_answer
from hybrid_tasks.model.command import Command
from hybrid_tasks.model.probe import AliveProbe, ExecProbe, HttpProbe, LogProbe, NotifyProbe, Pace, TcpProbe
from hybrid_tasks.model.verdict import Healthy, Unhealthy, Verdict

GET = HttpProbe("/")
EXEC = ExecProbe(Command(("check",), Path("/")))


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


def answering(codes: Iterator[int], cost: Callable[[], None] = lambda: None) -> Asked:
    async def run(command: Command, seconds: float) -> tuple[int, str]:
        cost()
        return next(codes), ""

    return Asked(run_exec=run)


async def never() -> None:
    await asyncio.Event().wait()


@contextlib.asynccontextmanager
async def http(
    answer: Callable[[], Awaitable[int]], on_connect: Callable[[int], None] = lambda _: None
) -> AsyncIterator[int]:
    busy = 0

    async def meet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal busy
        busy += 1
        on_connect(busy)
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 %d X\r\nContent-Length: 0\r\n\r\n" % await answer())
            await reader.read()
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()
        busy -= 1

    server = await asyncio.start_server(meet, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        while busy:  # noqa: ASYNC110 - the test has its own deadline
            await asyncio.sleep(0.001)


def test_the_first_answer_is_asked_for_often_at_first_and_less_later() -> None:
    time = Time()
    at = answering(itertools.chain([1] * 8, [0]))
    assert asyncio.run(first_answer(EXEC, Pace(), at, never(), time.clock())) == Healthy()
    assert time.slept == [0.005, 0.01, 0.02, 0.04, 0.08, 0.16, 0.25, 0.25]
    assert (FIRST_PAUSE, LAST_PAUSE) == (0.005, 0.25)


def test_a_healthy_answer_at_once_costs_no_pause() -> None:
    time = Time()
    assert asyncio.run(first_answer(EXEC, Pace(), answering(itertools.repeat(0)), never(), time.clock())) == Healthy()
    assert time.slept == []


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

    async def main() -> Verdict:
        heard = Heard()
        waiting = asyncio.ensure_future(first_answer(NotifyProbe(), Pace(), Asked(ready=heard), never()))
        await asyncio.sleep(0.01)
        assert not waiting.done()
        heard.event.set()
        async with asyncio.timeout(10):
            return await waiting

    assert asyncio.run(main()) == Healthy()


def watched(codes: list[int], retries: int) -> list[Verdict]:
    """What a monitor says about these exit codes, one an interval."""
    said: list[Verdict] = []

    async def main() -> None:
        done = asyncio.Event()

        left = iter(codes)

        async def run(command: Command, seconds: float) -> tuple[int, str]:
            if (code := next(left, None)) is None:
                done.set()
                await asyncio.Event().wait()
            assert code is not None
            return code, ""

        monitor = Monitor(EXEC, Pace(interval=10, retries=retries), Asked(run_exec=run), said.append, time.clock())
        monitor.start()
        async with asyncio.timeout(10):
            await done.wait()
        await monitor.stop()

    time = Time()
    asyncio.run(main())
    assert set(time.slept) == {10}
    return said


def test_flapping_between_good_and_bad_says_nothing() -> None:
    assert watched([0, 1] * 20, retries=2) == []
    assert watched([1, 1, 0] * 20, retries=3) == []


def test_enough_failures_in_a_row_are_said_once_and_one_success_ends_them() -> None:
    bad = Unhealthy("`check` ended with 1")
    assert watched([0, 1, 1], retries=3) == []
    assert watched([0, 1, 1, 1, 1, 1, 1, 0, 0], retries=3) == [bad, Healthy()]
    assert watched([1, 0], retries=1) == [bad, Healthy()]


def test_a_service_that_flaps_between_200_and_500_stays_healthy() -> None:
    said: list[Verdict] = []

    async def main() -> None:
        asked = 0
        enough = asyncio.Event()

        async def answer() -> int:
            nonlocal asked
            asked += 1
            if asked == 30:
                enough.set()
            return 200 if asked % 2 else 500

        async with asyncio.timeout(30), http(answer) as port:
            monitor = Monitor(GET, Pace(interval=0.001, retries=2, timeout=20), Asked(port=port), said.append)
            monitor.start()
            await enough.wait()
            await monitor.stop()

    asyncio.run(main())
    assert said == []


def test_probes_slower_than_the_interval_never_overlap() -> None:
    async def main() -> None:
        busiest = 0
        asked = 0
        enough = asyncio.Event()

        def connected(busy: int) -> None:
            nonlocal busiest
            busiest = max(busiest, busy)

        async def answer() -> int:
            nonlocal asked
            asked += 1
            if asked == 5:
                enough.set()
            await asyncio.sleep(0.02)
            return 200

        async with asyncio.timeout(30), http(answer, connected) as port:
            monitor = Monitor(GET, Pace(interval=0.001, timeout=20), Asked(port=port), print)
            monitor.start()
            monitor.start()  # once is enough
            await enough.wait()
            await monitor.stop()
        assert busiest == 1

    asyncio.run(main())


def test_stopping_in_the_middle_of_a_question_says_nothing_more() -> None:
    async def main() -> None:
        said: list[Verdict] = []
        with socket.create_server(("127.0.0.1", 0)) as silent:
            monitor = Monitor(GET, Pace(interval=0, retries=1), Asked(port=silent.getsockname()[1]), said.append)
            monitor.start()
            connection, _ = await asyncio.to_thread(silent.accept)
            await monitor.stop()
            connection.close()
        assert said == []
        assert asyncio.all_tasks() == {asyncio.current_task()}
        await monitor.stop()

    asyncio.run(main())


@pytest.mark.parametrize("probe", [LogProbe("x"), NotifyProbe(), AliveProbe()])
def test_probes_that_say_nothing_about_a_running_instance_are_not_asked(probe: object) -> None:
    async def main() -> None:
        monitor = Monitor(probe, Pace(interval=0), Asked(), print)  # type: ignore[arg-type]
        monitor.start()
        assert asyncio.all_tasks() == {asyncio.current_task()}
        assert monitor.verdict == Healthy()
        await monitor.stop()

    asyncio.run(main())


def test_tcp_and_the_time_out_of_the_pace_count() -> None:
    async def main() -> None:
        said: asyncio.Queue[Verdict] = asyncio.Queue()
        with socket.create_server(("127.0.0.1", 0)) as server:
            port = server.getsockname()[1]
            monitor = Monitor(TcpProbe(), Pace(interval=0.001, retries=1), Asked(port=port), said.put_nowait)
            monitor.start()
            (await asyncio.to_thread(server.accept))[0].close()
        async with asyncio.timeout(20):
            assert await said.get() == Unhealthy(f"nothing listens on port {port}")
        await monitor.stop()

    asyncio.run(main())
