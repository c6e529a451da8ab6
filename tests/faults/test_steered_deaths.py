"""Instances that are killed, and services with none at all: who waits, who is told, who is answered by the next."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
from pathlib import Path

import pytest
from swapping import Service, asked_for, load, question, run

from hybrid_tasks.engine.steering import SteeredPort
from hybrid_tasks.engine.unavailable import Notice
from hybrid_tasks.model.probe import Pace
from hybrid_tasks.model.verdict import Healthy

pytestmark = pytest.mark.needs("linux")


def state_of(pid: int) -> str:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


def waiting(port: SteeredPort, slot: int) -> int:
    """How many connections wait to be accepted in a slot."""
    member = port.listener(slot)
    return int.from_bytes(member.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 32)[24:28], sys.byteorder)


def test_what_a_killed_instance_left_in_its_queue_is_answered_by_the_next(tmp_path: Path) -> None:
    async def body(here: Service) -> None:
        await here.swap(here.tiny("old"))
        assert here.serving is not None
        successor, slot = await here.start(here.tiny("new"))
        assert await here.probe(successor, slot, Pace(start_period=60, timeout=20)) == Healthy()
        job, _ = here.serving
        job.signal("STOP")
        async with asyncio.timeout(20):
            while state_of(job.pid) != "T":  # noqa: ASYNC110 - the kernel has no event for it
                await asyncio.sleep(0.001)
        queued = [asyncio.ensure_future(question(here.port.port)) for _ in range(50)]
        while waiting(here.port, here.serving[1]) != 50:  # noqa: ASYNC110 - nor for this
            await asyncio.sleep(0.001)
        os.kill(job.pid, 9)
        assert await here.crash() == -9
        held = [asyncio.ensure_future(question(here.port.port)) for _ in range(5)]
        await asyncio.sleep(0.05)
        here.port.serve(slot)
        for answer in await asyncio.gather(*queued, *held):
            assert answer.startswith(b"HTTP/1.1 200 "), answer
            assert answer.endswith(b"new")
        await successor.stop()

    run(tmp_path, body)


def test_ten_kills_under_load_fail_only_what_the_dead_had_accepted(tmp_path: Path) -> None:
    """What was accepted died with its process; nobody is refused, and everybody else is answered by the next."""

    async def body(here: Service) -> None:
        await here.swap(here.tiny("v0"))
        async with load(here.port.port) as clients:
            for number in range(1, 11):
                assert here.serving is not None
                while asked_for(here.serving[0]).count("/work") < 20:  # noqa: ASYNC110 - it serves clients by now
                    await asyncio.sleep(0.005)
                os.kill(here.serving[0].pid, 9)
                await here.crash()
                await here.swap(here.tiny(f"v{number}"))
        assert all("Reset" in failure or "Incomplete" in failure or "503" in failure for failure in clients["failed"])
        assert len(clients["versions"]) == 11, clients

    run(tmp_path, body)


def test_while_the_only_version_is_broken_clients_are_told_why(tmp_path: Path) -> None:
    async def body(here: Service) -> None:
        here.port.explain(Notice("web did not pass its check", "app.py:3: SyntaxError: invalid syntax"))
        answer = await question(here.port.port)
        assert answer.startswith(b"HTTP/1.1 503 ")
        assert b"app.py:3: SyntaxError" in answer
        await here.swap(here.tiny("fixed"))
        assert (await question(here.port.port)).endswith(b"fixed")

    run(tmp_path, body)
