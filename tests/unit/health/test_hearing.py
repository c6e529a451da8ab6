"""What an instance says by itself: READY=1 on a datagram socket, and lines of its output."""

from __future__ import annotations

import asyncio
import os
import socket
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from hybrid_tasks.errors import HybridError
from hybrid_tasks.health.asked import Asked
from hybrid_tasks.health.monitor import first_answer
from hybrid_tasks.health.notify import Notified
from hybrid_tasks.health.output import new_lines
from hybrid_tasks.model.probe import LogProbe, NotifyProbe, Pace
from hybrid_tasks.model.verdict import Healthy, Unhealthy
from hybrid_tasks.process.identity import line


def mine(path: Path) -> Notified:
    """A socket that hears this process."""
    heard = Notified.open(str(path), line)
    heard.of({os.getpid()})
    return heard


def send(address: str, *messages: bytes) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
        for message in messages:
            sender.sendto(message, address)


def test_ready_is_heard_once_it_is_said(tmp_path: Path) -> None:
    async def main() -> None:
        heard = mine(tmp_path / "notify")
        assert stat.S_IMODE((tmp_path / "notify").stat().st_mode) == 0o600
        waiting = asyncio.ensure_future(
            first_answer(NotifyProbe(), Pace(), Asked(ready=heard), asyncio.get_running_loop().create_future())
        )
        send(heard.address, b"STATUS=loading\nREADY=0", b"XREADY=1", b"\xff\xfe", b"READY=10")
        async with asyncio.timeout(10):
            while heard.status != "loading":  # noqa: ASYNC110 - polled with a deadline
                await asyncio.sleep(0)
        assert not waiting.done()
        send(heard.address, b"MAINPID=1\nREADY=1\nSTATUS=up")
        async with asyncio.timeout(10):
            assert await waiting == Healthy()
        assert heard.status == "up"
        heard.close()
        assert not (tmp_path / "notify").exists()

    asyncio.run(main())


def test_it_is_unhealthy_until_then(tmp_path: Path) -> None:
    async def main() -> None:
        heard = mine(tmp_path / "notify")
        died = asyncio.get_running_loop().create_future()
        verdict = await first_answer(NotifyProbe(), Pace(timeout=0.05, start_period=0.1), Asked(ready=heard), died)
        assert verdict == Unhealthy("not healthy within 0.1 s: it has not sent READY=1 yet")
        heard.close()

    asyncio.run(main())


def shouted(address: str, program: str) -> int:
    """Have another process send READY=1, and give its pid."""
    words = f"import os, socket; s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM); {program}"
    done = subprocess.Popen([sys.executable, "-I", "-S", "-c", words, address])
    assert done.wait() == 0
    return done.pid


SAYS = "import sys; s.sendto(b'READY=1', sys.argv[1])"


@pytest.mark.needs("linux")
def test_sec_who_is_not_of_the_instance_is_not_heard(tmp_path: Path) -> None:
    async def main() -> None:
        heard = Notified.open(str(tmp_path / "notify"), line)
        pid = await asyncio.to_thread(shouted, heard.address, SAYS)
        heard.of({pid + 1_000_000})
        died = asyncio.get_running_loop().create_future()
        verdict = await first_answer(NotifyProbe(), Pace(timeout=0.05, start_period=0.1), Asked(ready=heard), died)
        words = f"READY=1 came from pid {pid}, which is none of its processes"
        assert verdict == Unhealthy(f"not healthy within 0.1 s: {words}")
        heard.close()

    asyncio.run(main())


@pytest.mark.needs("linux")
def test_what_was_said_before_it_was_known_whose_word_counts_is_kept(tmp_path: Path) -> None:
    async def main() -> None:
        heard = Notified.open(str(tmp_path / "notify"), line)
        send(heard.address, b"READY=1")
        async with asyncio.timeout(10):
            while not heard._early:  # noqa: ASYNC110 - polled with a deadline
                await asyncio.sleep(0)
            heard.of({os.getppid()})  # an ancestor of this process
            await heard.wait()
        heard.close()

    asyncio.run(main())


@pytest.mark.needs("linux")
def test_descriptors_that_come_along_are_closed(tmp_path: Path) -> None:
    """A BARRIER=1 waits for that, see sd_notify_barrier(3)."""

    async def main() -> None:
        heard = mine(tmp_path / "notify")
        reading, writing = os.pipe()
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
            sender.connect(heard.address)
            socket.send_fds(sender, [b"BARRIER=1"], [writing])
        os.close(writing)
        over = asyncio.Event()
        asyncio.get_running_loop().add_reader(reading, over.set)
        async with asyncio.timeout(10):
            await over.wait()
        asyncio.get_running_loop().remove_reader(reading)
        os.close(reading)
        heard.close()

    asyncio.run(main())


def test_a_path_that_no_socket_can_have_is_refused(tmp_path: Path) -> None:
    async def main() -> None:
        with pytest.raises(HybridError, match="too long"):
            Notified.open(str(tmp_path / ("x" * 120)), line)

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
