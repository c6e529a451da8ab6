"""Whoever is killed around a fork of a warm parent: the others live on, its end is known exactly, and nothing is left."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from jobbing import becomes, says, with_jobs
from warming import Place, place, warmed

from hybrid_tasks.process.identity import ProcessIdentity, carrying, environment_marks, everybody, identify, same
from hybrid_tasks.process.jobs import Cold, Exit, Job, Jobs, WarmParent

pytestmark = pytest.mark.needs("linux")

# A polite program with helpers: one in another session, one whose parent is gone, one without our marks.
FAMILY = """
import os, subprocess, sys, time
wiped = {"PATH": os.environ["PATH"]}
pids = [subprocess.Popen(["setsid", "sleep", "1000"]).pid]
for env in (dict(os.environ), wiped):
    script = "setsid sleep 1000 >/dev/null 2>&1 & echo $!"
    pids.append(int(subprocess.run(["sh", "-c", script], env=env, stdout=subprocess.PIPE).stdout.split()[0]))
child = os.fork()
if child == 0:
    time.sleep(1000)
print("ready", *pids, child, flush=True)
time.sleep(1000)
"""
WIPED = 3
"""Which of them bears no marks."""


def alive(pid: int) -> bool:
    found = everybody().get(pid)
    return found is not None and found.state != "Z"


def service(tmp_path: Path, text: str = FAMILY) -> tuple[Place, str]:
    where = place(tmp_path, files={"main.py": text})
    return where, str(where.service / "main.py")


async def family(job: Job) -> list[ProcessIdentity]:
    """Wait until the program's helpers run, and give them all."""
    await becomes(lambda: any("ready" in line for line in job.tail(100)) or job.exit)
    [line] = [line for line in job.tail(100) if line.startswith("ready")]
    found = [identify(pid) for pid in (job.pid, *map(int, line.split()[1:]))]
    assert all(found), found
    return [one for one in found if one is not None]


async def forked(jobs: Jobs, where: Place, main: str, parent: WarmParent) -> tuple[Job, list[ProcessIdentity]]:
    job = await jobs.fork(where.program(main), parent)
    return job, await family(job)


def killed(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)


def test_a_fork_ends_with_everything_it_started(tmp_path: Path) -> None:
    where, main = service(tmp_path)

    async def play(jobs: Jobs) -> None:
        parent = await warmed(jobs, where, main, modules="subprocess")
        for end in (lambda job: job.stop(), lambda job: job.stop(0)):
            job, everybody_of_it = await forked(jobs, where, main, parent)
            ended = await end(job)
            assert ended.code in {-signal.SIGTERM, -signal.SIGKILL}
            assert ended.leftovers in {3, 4}, "the child in its group has had its signal"
            assert not any(map(same, everybody_of_it))
        job, everybody_of_it = await forked(jobs, where, main, parent)
        killed(job.pid)
        assert (await job.wait()).code == -signal.SIGKILL
        assert not any(map(same, everybody_of_it))
        assert parent.job.exit is None

    with_jobs(play)


async def kill_parent(jobs: Jobs, parent: WarmParent) -> None:
    killed(parent.job.pid)
    assert (await parent.job.wait()).code == -signal.SIGKILL


async def kill_its_shim(jobs: Jobs, parent: WarmParent) -> None:
    assert parent.job.shim
    killed(parent.job.shim.pid)
    await parent.job.wait()


async def kill_template_too(jobs: Jobs, parent: WarmParent) -> None:
    assert jobs._template
    killed(jobs._template.pid)
    await kill_its_shim(jobs, parent)


async def stop_it(jobs: Jobs, parent: WarmParent) -> None:
    await asyncio.wait_for(parent.stop(), 3)


ENDS: list[Callable[[Jobs, WarmParent], Awaitable[None]]] = [kill_parent, kill_its_shim, kill_template_too, stop_it]


@pytest.mark.parametrize("end", ENDS)
def test_forks_outlive_their_parent_and_are_ended_exactly(
    tmp_path: Path, end: Callable[[Jobs, WarmParent], Awaitable[None]]
) -> None:
    where, main = service(tmp_path)

    async def play(jobs: Jobs) -> None:
        parent = await warmed(jobs, where, main, modules="subprocess")
        first, first_family = await forked(jobs, where, main, parent)
        second, second_family = await forked(jobs, where, main, parent)
        await end(jobs, parent)
        assert parent.refusal is not None
        with pytest.raises(Cold):
            await jobs.fork(where.program(main), parent)
        assert not carrying(parent.job.run)
        assert all(map(same, [*first_family, *second_family])), "an instance that serves is not disturbed"
        assert environment_marks(second.pid).run == second.run
        # One of them loses its shim as well: all of it is found, and nothing of the other.
        if end is kill_template_too:  # then nobody can tell whose an unmarked process in a session of its own is
            killed(first_family.pop(WIPED).pid)
        assert first.shim
        killed(first.shim.pid)
        assert (await first.wait()).code == -signal.SIGKILL
        await becomes(lambda: not any(map(same, first_family)))
        assert all(map(same, second_family))
        assert (await second.stop()).code == -signal.SIGTERM
        assert not any(map(same, second_family))
        other = await warmed(jobs, where, main)
        third, _ = await forked(jobs, where, main, other)
        assert (await third.stop()).code == -signal.SIGTERM

    with_jobs(play)


def test_a_killed_shim_of_a_fork_leaves_nothing_and_harms_neither_parent_nor_sibling(tmp_path: Path) -> None:
    where, main = service(tmp_path)

    async def play(jobs: Jobs) -> None:
        parent = await warmed(jobs, where, main, modules="subprocess")
        first, first_family = await forked(jobs, where, main, parent)
        second, second_family = await forked(jobs, where, main, parent)
        assert first.shim
        killed(first.shim.pid)
        ended = await first.wait()
        assert (ended.code, ended.killed) == (-signal.SIGKILL, True)
        await becomes(lambda: not any(map(same, first_family)))
        assert all(map(same, second_family))
        third, _ = await forked(jobs, where, main, parent)
        assert (await third.stop()).code == -signal.SIGTERM
        assert (await second.stop()).leftovers == 3

    with_jobs(play)


def test_killed_while_it_forks(tmp_path: Path) -> None:
    """Whatever was begun when the parent is killed either runs under its own shim or is gone."""
    where, main = service(tmp_path, "import time\nprint('ready', flush=True)\ntime.sleep(1000)\n")

    async def play(jobs: Jobs) -> None:
        came = 0
        for step in range(24):
            parent = await warmed(jobs, where, main, modules="json")
            forking = asyncio.ensure_future(jobs.fork(where.program(main), parent))
            await asyncio.sleep(step * 0.0005)
            assert parent.job.shim
            killed(parent.job.pid if step % 2 else parent.job.shim.pid)
            try:
                job = await forking
            except Cold:
                pass
            else:
                came += 1
                await becomes(lambda job=job: "ready" in job.tail() or job.exit is not None)
                await job.stop()
                assert not alive(job.pid)
            await parent.stop()
            await becomes(lambda: not jobs.live)
        assert came < 24

    with_jobs(play)


def test_a_parent_that_hangs_is_not_waited_for_and_forks_nothing_afterwards(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hybrid_tasks.process.warm.ANSWER", 0.2)
    where, main = service(tmp_path, "open('ran', 'w').close()\n")

    async def play(jobs: Jobs) -> None:
        parent = await warmed(jobs, where, main, modules="json")
        os.kill(parent.job.pid, signal.SIGSTOP)
        with pytest.raises(Cold, match="did not answer"):
            await jobs.fork(where.program(main), parent)
        os.kill(parent.job.pid, signal.SIGCONT)
        monkeypatch.setattr("hybrid_tasks.process.warm.ANSWER", 20)
        (where.service / "main.py").write_text("print('second')")
        job = await jobs.fork(where.program(main), parent)
        assert await job.wait() == Exit(0)
        assert not (where.service / "ran").exists()

    with_jobs(play)


def test_output_and_log_of_a_fork_are_its_own(tmp_path: Path) -> None:
    text = "import sys, time\nprint('out', flush=True)\nprint('err', file=sys.stderr, flush=True)\ntime.sleep(1000)\n"
    where, main = service(tmp_path, text)

    async def play(jobs: Jobs) -> None:
        parent = await warmed(jobs, where, main, modules="json")
        first, second = [await jobs.fork(where.program(main), parent) for _ in range(2)]
        for job in (first, second):
            await says(job, "out")
            await says(job, "err")
            assert job.log.with_suffix(".idx").exists()
        assert first.log != second.log
        assert parent.job.tail() == []
        await first.stop()
        assert second.exit is None

    with_jobs(play)
