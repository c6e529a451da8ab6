"""Asking a running instance again and again, and what is made of several answers."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
from jumping_clock import Time

from hybrid_tasks.health.asked import Asked
from hybrid_tasks.health.monitor import Monitor, together
from hybrid_tasks.model.command import Command
from hybrid_tasks.model.probe import AliveProbe, ExecProbe, HttpProbe, LogProbe, NotifyProbe, Pace, Probe, TcpProbe
from hybrid_tasks.model.verdict import Healthy, Unhealthy, Verdict

GET = HttpProbe("/")
EXEC = ExecProbe(Command(("check",), Path("/")))


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


def test_in_doubt_one_answer_is_believed_at_once() -> None:
    """Something has happened to what is asked: neither the interval nor the retries are waited for."""

    async def main() -> None:
        said: list[Verdict] = []
        codes = iter([500, 500, 200])

        async def answer() -> int:
            return next(codes)

        async with http(answer) as port:
            monitor = Monitor(GET, Pace(interval=1000, retries=3), Asked(port=port), said.append)
            await monitor.doubt()
            assert said == [], "nobody is asked before it has begun"
            monitor.start()
            await monitor.doubt()
            await monitor.doubt()
            await monitor.doubt()
            await monitor.stop()
        assert [type(verdict) for verdict in said] == [Unhealthy, Healthy]

    asyncio.run(main())


@pytest.mark.parametrize(
    ("now", "interval", "until"), [(100.2, 10.0, 110.0), (100.4, 10.0, 110.0), (99.6, 5.0, 105.0), (100.2, 1.0, 101.2)]
)
def test_questions_about_several_services_come_together(now: float, interval: float, until: float) -> None:
    assert now + together(now, interval) == pytest.approx(until)


@pytest.mark.parametrize(("probe", "times"), [(GET, [1010.0, 1020.0, 1030.0]), (EXEC, [1010.3, 1020.303, 1030.306])])
def test_a_monitor_keeps_the_common_time_but_for_commands(
    monkeypatch: pytest.MonkeyPatch, probe: Probe, times: list[float]
) -> None:
    time, asked, enough = Time(), [], asyncio.Event()

    async def ask(*_: object) -> Verdict:
        asked.append(time.time)
        time.time += 0.003
        if len(asked) == 3:
            enough.set()
        return Healthy()

    async def main() -> None:
        monkeypatch.setattr("hybrid_tasks.health.monitor.ask", ask)
        monitor = Monitor(probe, Pace(interval=10.0), Asked(), lambda _: None, time.clock())
        time.time += 0.3
        monitor.start()
        await enough.wait()
        await monitor.stop()

    asyncio.run(main())
    assert asked[:3] == pytest.approx(times)
