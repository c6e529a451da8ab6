"""What an instance says by itself: READY=1 on a datagram socket, and lines of its output."""

from __future__ import annotations

import asyncio
import socket
import stat
from pathlib import Path

import pytest

from hybrid_tasks.errors import HybridError
from hybrid_tasks.health.asked import Asked
from hybrid_tasks.health.monitor import first_answer
from hybrid_tasks.health.notify import Notified
from hybrid_tasks.health.output import new_lines
from hybrid_tasks.model.probe import LogProbe, NotifyProbe, Pace
from hybrid_tasks.model.verdict import Healthy, Unhealthy


def send(path: Path, *messages: bytes) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
        for message in messages:
            sender.sendto(message, bytes(path))


def test_ready_is_heard_once_it_is_said(tmp_path: Path) -> None:
    async def main() -> None:
        heard = Notified.open(tmp_path / "notify")
        assert stat.S_IMODE(heard.path.stat().st_mode) == 0o600
        waiting = asyncio.ensure_future(
            first_answer(NotifyProbe(), Pace(), Asked(ready=heard), asyncio.get_running_loop().create_future())
        )
        send(heard.path, b"STATUS=loading\nREADY=0", b"XREADY=1", b"\xff\xfe", b"READY=10")
        async with asyncio.timeout(10):
            while heard.status != "loading":  # noqa: ASYNC110 - polled with a deadline
                await asyncio.sleep(0)
        assert not waiting.done()
        send(heard.path, b"MAINPID=1\nREADY=1\nSTATUS=up")
        async with asyncio.timeout(10):
            assert await waiting == Healthy()
        assert heard.status == "up"
        heard.close()
        assert not heard.path.exists()

    asyncio.run(main())


def test_it_is_unhealthy_until_then(tmp_path: Path) -> None:
    async def main() -> None:
        heard = Notified.open(tmp_path / "notify")
        died = asyncio.get_running_loop().create_future()
        verdict = await first_answer(NotifyProbe(), Pace(timeout=0.05, start_period=0.1), Asked(ready=heard), died)
        assert verdict == Unhealthy("not healthy within 0.1 s: it has not sent READY=1 yet")
        heard.close()

    asyncio.run(main())


def test_a_path_that_no_socket_can_have_is_refused(tmp_path: Path) -> None:
    async def main() -> None:
        with pytest.raises(HybridError, match="too long"):
            Notified.open(tmp_path / ("x" * 120))

    asyncio.run(main())


def test_each_line_is_given_once_and_complete(tmp_path: Path) -> None:
    log = tmp_path / "log"
    read = new_lines(log)
    assert read() == []
    with log.open("wb", buffering=0) as file:
        file.write(b"one\ntw")
        assert read() == ["one"]
        assert read() == []
        file.write(b"o\n\xff\n\nfour")
        assert read() == ["two", "\ufffd", ""]
        file.write(b"\n")
        assert read() == ["four"]


def test_a_flood_and_an_endless_line_are_read_in_portions(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_bytes(b"x" * 3_000_000 + b"\n" + b"ready\n" * 3)
    read = new_lines(log)
    sizes = [sum(map(len, lines)) for lines in iter(read, [])]
    assert max(sizes) <= 1024 * 1024 + 15
    assert sum(sizes) == 3_000_000 + 15

    lines = new_lines(log)
    died = asyncio.Event().wait()
    assert asyncio.run(first_answer(LogProbe("^ready$"), Pace(), Asked(lines=lines), died)) == Healthy()
