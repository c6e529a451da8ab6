"""Jobs from the supervisor's side: starting, waiting, their output, and starts that fail or are given up."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from jobbing import PROJECT, becomes, python_spec, says, spec, with_jobs
from waiting import until

from hybrid_tasks.process.identity import carrying, marked
from hybrid_tasks.process.jobs import Exit, Jobs, StartFailed


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
        index = job.log.with_suffix(".idx")
        until(lambda: index.exists() and index.read_bytes() == b"HYBLOG1\n")
        assert job.log.exists()
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


def test_a_thousand_lines_at_the_very_end_are_there(tmp_path: Path) -> None:
    async def play(jobs: Jobs) -> None:
        job = await jobs.start(spec(tmp_path, "sh", "-c", "seq 1 1000; echo last >&2"))
        await job.wait()
        lines = job.tail(2000)
        assert sorted(lines) == sorted([*map(str, range(1, 1001)), "last"])
        assert job.tail(0) == []

    with_jobs(play)


def test_the_last_word_is_heard_however_shortly_it_follows_another(tmp_path: Path) -> None:
    code = "import os, signal, sys; os.write(1, b'one\\n'); signal.sigtimedwait([], float(sys.argv[1])); os.write(2, b'last\\n'); os._exit(0)"

    async def play(jobs: Jobs) -> None:
        delays = [number / 4000 for number in range(30)]
        started = [await jobs.start(python_spec(tmp_path, code, str(delay))) for delay in delays]
        for job in started:
            await job.wait()
            assert job.tail() == ["one", "last"]

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
