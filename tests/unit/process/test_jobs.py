"""Jobs from the supervisor's side: starting, waiting, stopping, and what happens when others die."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from pathlib import Path

import pytest
from jobbing import PROJECT, becomes, python_spec, says, spec, with_jobs

from hybrid_tasks.model.service import Stop
from hybrid_tasks.process.identity import carrying, environment_marks, identify, marked, read_stat, same
from hybrid_tasks.process.jobs import Exit, Jobs, StartFailed

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


@pytest.mark.parametrize(
    ("command", "code"), [("exit 0", 0), ("exit 7", 7), ("exit 255", 255), ("kill -KILL $$", -9), ("kill $$", -15)]
)
def test_exit_codes_are_those_of_subprocess(command: str, code: int, tmp_path: Path) -> None:
    async def play(jobs: Jobs) -> None:
        job = await jobs.start(spec(tmp_path, "sh", "-c", command))
        assert await job.wait() == Exit(code)
        assert await job.wait_code() == code
        assert job.exit == Exit(code)

    with_jobs(play)


def test_a_job_knows_itself(tmp_path: Path) -> None:
    async def play(jobs: Jobs) -> None:
        job = await jobs.start(spec(tmp_path / "logs", "sleep", "100"))
        assert len(job.run) == 12
        assert int(job.run, 16) >= 0
        assert jobs.live == {job.run: job}
        assert job.exit is None
        assert job.log.parent == tmp_path / "logs"
        assert job.log.name.endswith(f"-instance-{job.run}.log")
        assert job.log.exists()
        assert job.log.with_suffix(".idx").read_bytes() == b"HYBLOG1\n"
        assert [identity.pid for identity in carrying(job.run)] == [job.pid]
        await job.stop()
        assert not jobs.live

    with_jobs(play)


def test_log_names_sort_by_start(tmp_path: Path) -> None:
    async def play(jobs: Jobs) -> None:
        names = [(await jobs.start(spec(tmp_path, "true"))).log.name for _ in range(5)]
        assert names == sorted(names)

    with_jobs(play)


def test_waiting_may_be_given_up_by_one_and_not_by_another(tmp_path: Path) -> None:
    async def play(jobs: Jobs) -> None:
        job = await jobs.start(spec(tmp_path, "sleep", "100"))
        impatient, patient = asyncio.create_task(job.wait()), asyncio.create_task(job.wait())
        await asyncio.sleep(0)
        impatient.cancel()
        with pytest.raises(asyncio.CancelledError):
            await impatient
        assert job.exit is None
        await job.stop()
        assert (await patient).code == -15

    with_jobs(play)


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


def test_a_thousand_lines_at_the_very_end_are_there(tmp_path: Path) -> None:
    async def play(jobs: Jobs) -> None:
        job = await jobs.start(spec(tmp_path, "sh", "-c", "seq 1 1000; echo last >&2"))
        await job.wait()
        lines = job.tail(2000)
        assert sorted(lines) == sorted([*map(str, range(1, 1001)), "last"])
        assert job.tail(0) == []

    with_jobs(play)


def test_the_last_word_is_heard_however_shortly_it_follows_another(tmp_path: Path) -> None:
    code = "import os, sys, time; os.write(1, b'one\\n'); time.sleep(float(sys.argv[1])); os.write(2, b'last\\n'); os._exit(0)"

    async def play(jobs: Jobs) -> None:
        delays = [number / 4000 for number in range(30)]
        started = [await jobs.start(python_spec(tmp_path, code, str(delay))) for delay in delays]
        for job in started:
            await job.wait()
            assert job.tail() == ["one", "last"]

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


def test_giving_up_a_start_leaves_nothing(tmp_path: Path) -> None:
    async def play(jobs: Jobs) -> None:
        await jobs.open()
        for delay in range(12):
            start = asyncio.create_task(jobs.start(spec(tmp_path, "sleep", "1000")))
            for _ in range(delay):
                await asyncio.sleep(0)
            if delay > 8:
                await asyncio.sleep(0.001 * delay)
            start.cancel()
            await asyncio.gather(start, return_exceptions=True)
            if not start.cancelled() and start.exception() is None:
                await start.result().stop()
        await jobs.close()
        assert not jobs._shims
        assert not [identity for identity, _ in marked(PROJECT) if identity.pid in _sleepers()]

    with_jobs(play)


def _sleepers() -> list[int]:
    return [
        int(path.parent.name)
        for path in Path("/proc").glob("[0-9]*/cmdline")
        if path.exists() and path.read_bytes() == b"sleep\x001000\0"
    ]


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


def test_no_descriptors_left_is_an_error_and_not_the_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def play(jobs: Jobs) -> None:
        await jobs.open()

        def refuse() -> None:
            raise OSError(24, "Too many open files")

        with monkeypatch.context() as patched:
            patched.setattr("socket.socketpair", refuse)
            with pytest.raises(StartFailed, match="Too many open files"):
                await jobs.start(spec(tmp_path, "true"))
        assert (await (await jobs.start(spec(tmp_path, "true"))).wait()).code == 0

    with_jobs(play)


def test_an_unwritable_log_is_told_and_no_reason_to_fail(tmp_path: Path) -> None:
    (tmp_path / "logs").write_text("in the way")

    async def play(jobs: Jobs) -> None:
        job = await jobs.start(spec(tmp_path / "logs", "sh", "-c", "echo kept; sleep 1000"))
        await becomes(lambda: job.log_trouble is not None)
        (tmp_path / "logs").unlink()
        await says(job, "kept")
        await becomes(lambda: job.log_trouble is None)
        await job.stop()

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
