"""Templates and shims that are killed, hang or are told to end: the next start works, and nothing is left."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path

import pytest
from jobbing import becomes, says, spec, with_jobs

from hybrid_tasks.process.identity import carrying, environment_marks, identify, same
from hybrid_tasks.process.jobs import Exit, Jobs


def test_a_killed_template_is_replaced_at_the_next_start(tmp_path: Path) -> None:
    async def play(jobs: Jobs) -> None:
        first = await jobs.start(spec(tmp_path, "sleep", "100"))
        for _ in range(3):
            assert jobs._template
            os.kill(jobs._template.pid, signal.SIGKILL)
            job = await jobs.start(spec(tmp_path, "echo", "on"))
            assert (await job.wait()).code == 0
            assert job.tail() == ["on"]
        assert first.exit is None
        assert await first.stop() == Exit(-15)

    with_jobs(play)


def test_a_template_that_dies_while_it_is_asked_costs_nothing_but_a_moment(tmp_path: Path) -> None:
    async def play(jobs: Jobs) -> None:
        for _ in range(5):
            await jobs.open()
            assert jobs._template
            os.kill(jobs._template.pid, signal.SIGSTOP)
            starts = [asyncio.create_task(jobs.start(spec(tmp_path, "true"))) for _ in range(5)]
            await asyncio.sleep(0.01)
            os.kill(jobs._template.pid, signal.SIGKILL)
            for job in await asyncio.gather(*starts):
                assert (await job.wait()).code == 0

    with_jobs(play)


def test_a_killed_shim_is_a_killed_program(tmp_path: Path) -> None:
    async def play(jobs: Jobs) -> None:
        job = await jobs.start(spec(tmp_path, "sh", "-c", "setsid sleep 1000 & echo ready; wait"))
        await says(job, "ready")
        assert job.shim
        os.kill(job.shim.pid, signal.SIGKILL)
        assert await job.wait_code() == -9
        ended = await job.wait()
        assert (ended.code, ended.killed) == (-9, True)
        assert not carrying(job.run)
        assert not jobs.live

    with_jobs(play)


def test_a_killed_shim_leaves_nothing_even_without_marks_and_harms_no_other(tmp_path: Path) -> None:
    async def play(jobs: Jobs) -> None:
        other = await jobs.start(spec(tmp_path, "sleep", "1000"))
        job = await jobs.start(spec(tmp_path, "sh", "-c", "setsid env -i sleep 1000 & echo $!; sleep 1000"))
        await becomes(job.tail)
        orphan = int(job.tail()[0])
        await becomes(lambda: not environment_marks(orphan))
        identity = identify(orphan)
        assert identity
        assert job.shim
        os.kill(job.shim.pid, signal.SIGKILL)
        await job.wait()
        assert not same(identity)
        assert other.exit is None
        assert await other.stop() == Exit(-15)

    with_jobs(play)


def test_a_hanging_shim_is_ended_by_force(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hybrid_tasks.process.job.UNRESPONSIVE", 0.2)

    async def play(jobs: Jobs) -> None:
        job = await jobs.start(spec(tmp_path, "sleep", "1000"))
        assert job.shim
        os.kill(job.shim.pid, signal.SIGSTOP)
        assert (await job.stop(0)).code == -9
        assert not carrying(job.run)

    with_jobs(play)


def test_a_terminated_shim_stops_its_job(tmp_path: Path) -> None:
    async def play(jobs: Jobs) -> None:
        job = await jobs.start(spec(tmp_path, "sleep", "1000"))
        assert job.shim
        for number in (signal.SIGINT, signal.SIGHUP, signal.SIGQUIT):
            os.kill(job.shim.pid, number)
        os.kill(job.shim.pid, signal.SIGTERM)
        assert await job.wait() == Exit(-15)

    with_jobs(play)
