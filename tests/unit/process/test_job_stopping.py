"""How a job is stopped: its own signal, its grace, what is deaf, and what it leaves behind."""

from __future__ import annotations

import asyncio
import os
import threading
from pathlib import Path

from jobbing import becomes, python_spec, says, spec, with_jobs

from hybrid_tasks.model.service import Stop
from hybrid_tasks.process.identity import read_stat
from hybrid_tasks.process.jobs import Exit, Jobs

DEAF = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); signal.pause()"
TELL = """
import signal, os, sys
def heard(number, frame):
    os.write(1, signal.Signals(number).name.encode() + b"\\n")
    if number == signal.SIGINT: sys.exit(5)
for number in (signal.SIGHUP, signal.SIGUSR1, signal.SIGINT): signal.signal(number, heard)
os.write(1, b"ready\\n")
while True: signal.pause()
"""


def test_stop_uses_the_services_own_signal(tmp_path: Path) -> None:
    async def play(jobs: Jobs) -> None:
        job = await jobs.start(python_spec(tmp_path, TELL, stop=Stop("INT", 30)))
        await says(job, "ready")
        assert await job.stop() == Exit(5)
        assert job.tail(1) == ["SIGINT"]
        assert await job.stop() == Exit(5)

    with_jobs(play)


def test_a_signal_reaches_the_program(tmp_path: Path) -> None:
    async def play(jobs: Jobs) -> None:
        job = await jobs.start(python_spec(tmp_path, TELL))
        await says(job, "ready")
        job.signal("HUP")
        await says(job, "SIGHUP")
        job.signal("USR1")
        await says(job, "SIGUSR1")
        await job.signalled()
        await job.stop(0)
        job.signal("HUP")  # too late, and no harm

    with_jobs(play)


def test_the_deaf_are_killed_after_their_grace(tmp_path: Path) -> None:
    async def play(jobs: Jobs) -> None:
        job = await jobs.start(python_spec(tmp_path, DEAF, grace=0.2))
        await says(job, "deaf")
        assert await job.stop() == Exit(-9, killed=True)

    with_jobs(play)


def test_a_second_stop_shortens_the_grace_and_never_lengthens_it(tmp_path: Path) -> None:
    async def play(jobs: Jobs) -> None:
        job = await jobs.start(python_spec(tmp_path, DEAF))
        await says(job, "deaf")
        first = asyncio.create_task(job.stop(1000))
        await asyncio.sleep(0)
        second = asyncio.create_task(job.stop(0.1))
        await asyncio.sleep(0)
        third = asyncio.create_task(job.stop(1000))
        assert await first == await second == await third == Exit(-9, killed=True)

    with_jobs(play)


def test_a_stopped_program_can_be_stopped(tmp_path: Path) -> None:
    async def play(jobs: Jobs) -> None:
        job = await jobs.start(spec(tmp_path, "sleep", "100", grace=50))
        job.signal("STOP")
        await becomes(lambda: (stat := read_stat(job.pid)) and stat.state == "T")
        assert await job.stop() == Exit(-15)

    with_jobs(play)


def test_the_end_is_known_before_what_it_left_has_ended(tmp_path: Path) -> None:
    code = (
        "import os, signal\nr, w = os.pipe()\nif os.fork() == 0:\n os.setsid()\n"
        " signal.signal(signal.SIGTERM, signal.SIG_IGN)\n os.write(w, b'x')\n signal.pause()\n"
        "os.read(r, 1)\nprint('left', flush=True)\nos._exit(3)"
    )

    async def play(jobs: Jobs) -> None:
        job = await jobs.start(python_spec(tmp_path, code, grace=30))
        assert await job.wait_code() == 3
        assert job.exit is None
        assert await job.stop(0) == Exit(3, leftovers=1, killed=True)
        assert job.tail() == ["left"]

    with_jobs(play)


def test_closing_stops_everything_at_once(tmp_path: Path) -> None:
    async def play(jobs: Jobs) -> None:
        started = await asyncio.gather(*(jobs.start(spec(tmp_path, "sleep", "100")) for _ in range(20)))
        assert len(jobs.live) == 20
        assert len({job.run for job in started}) == 20
        await jobs.close()
        assert {job.exit for job in started} == {Exit(-15)}
        assert not jobs.live
        again = await jobs.start(spec(tmp_path, "true"))  # a new template, because it is asked for
        assert (await again.wait()).code == 0

    with_jobs(play)


def test_fifty_restarts_leave_no_zombie_descriptor_or_thread(tmp_path: Path) -> None:
    def counts(jobs: Jobs) -> tuple[int, int, int, int]:
        assert jobs._template
        return (
            len(list(Path("/proc/self/fd").iterdir())),
            len(list(Path(f"/proc/{jobs._template.pid}/fd").iterdir())),
            threading.active_count(),
            len(Path("/proc/thread-self/children").read_text().split()),
        )

    def zombies(parents: set[int]) -> list[int]:
        pids = (int(path.name) for path in Path("/proc").glob("[0-9]*"))
        return [pid for pid in pids if (stat := read_stat(pid)) and stat.state == "Z" and stat.parent in parents]

    async def play(jobs: Jobs) -> None:
        async def restarted() -> None:
            job = await jobs.start(spec(tmp_path, "sleep", "1000"))
            await job.stop()

        await restarted()
        await becomes(lambda: not jobs._shims)
        before = counts(jobs)
        for _ in range(50):
            await restarted()
        await becomes(lambda: not jobs._shims)
        assert counts(jobs) == before
        template = jobs._template
        assert template
        await becomes(lambda: not zombies({os.getpid(), template.pid}))

    with_jobs(play)
