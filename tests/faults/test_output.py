"""Output reaches the file whoever dies, however fast it comes, and whatever the disk says."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from jobbing import PROJECT, becomes, python_spec, says, spec, with_jobs
from waiting import until

from hybrid_tasks.process.jobs import Exit, Job, Jobs
from hybrid_tasks.shim.logfile import DROPPED, MAGIC, RECORD

FLOOD = """
import os, sys
block = b"".join(b"%08d %s\\n" % (number, b"x" * 65) for number in range(int(sys.argv[1])))
view = memoryview(block)
while view: view = view[os.write(1, view):]
"""


def log_bytes(directory: Path) -> bytes:
    """All segments of the only job here, in order."""

    def place(path: Path) -> int:
        return int(path.suffixes[-2][1:]) if path.suffixes[-2][1:].isdigit() and len(path.suffixes[-2]) < 5 else 0

    return b"".join(path.read_bytes() for path in sorted(directory.glob("*.log"), key=place))


def dropped(directory: Path) -> list[tuple[int, int]]:
    found = []
    for index in directory.glob("*.idx"):
        for offset, length, _, stream in RECORD.iter_unpack(index.read_bytes()[len(MAGIC) :]):
            if stream == DROPPED:
                found.append((offset, length))
    return found


def test_two_hundred_thousand_lines_at_once_and_none_lost(tmp_path: Path) -> None:
    async def go(jobs: Jobs) -> None:
        job = await jobs.start(python_spec(tmp_path, FLOOD, "200000"))
        assert await job.wait() == Exit(0)
        assert job.tail(1) == ["00199999 " + "x" * 65]

    with_jobs(go)
    lines = log_bytes(tmp_path).splitlines()
    assert len(lines) == 200_000
    assert [int(line[:8]) for line in lines] == list(range(200_000))


def test_a_flood_over_many_segments_keeps_its_order(tmp_path: Path) -> None:
    async def go(jobs: Jobs) -> None:
        job = await jobs.start(python_spec(tmp_path, FLOOD, "100000", log_cap=64 << 20))
        assert await job.wait() == Exit(0)

    with_jobs(go)
    assert [int(line[:8]) for line in log_bytes(tmp_path).splitlines()] == list(range(100_000))
    assert not dropped(tmp_path)


def test_fifty_megabytes_without_a_line_end_arrive_byte_for_byte(tmp_path: Path) -> None:
    code = "import os\nblock = bytes(range(256)) * 4096\nfor _ in range(50):\n v = memoryview(block)\n while v: v = v[os.write(1, v):]"

    async def go(jobs: Jobs) -> None:
        job = await jobs.start(python_spec(tmp_path, code))
        assert await job.wait() == Exit(0)

    with_jobs(go)
    assert log_bytes(tmp_path) == bytes(range(256)) * 4096 * 50


def test_the_shim_of_a_flood_stays_small_and_gives_back_what_it_took(tmp_path: Path) -> None:
    code = FLOOD + "os.write(1, b'flooded\\n')\nimport signal\nsignal.pause()"

    def private(job: Job) -> int:
        """Memory that only its shim uses, in KB."""
        assert job.shim
        rollup = Path(f"/proc/{job.shim.pid}/smaps_rollup").read_text()
        return sum(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Private_Dirty"))

    async def go(jobs: Jobs) -> None:
        quiet = await jobs.start(spec(tmp_path / "quiet", "sleep", "1000"))
        job = await jobs.start(python_spec(tmp_path / "loud", code, "300000"))
        await says(job, "flooded")
        assert private(job) < private(quiet) + 4096
        await becomes(lambda: private(job) < private(quiet) + 700)  # the buffer alone is 1024

    with_jobs(go)


WRITER = r"""
import os, signal, sys
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
record = os.open(sys.argv[1], os.O_RDWR | os.O_CREAT)
count = 0
ended = None
while not ended:
    for _ in range(50):
        os.write(1, b"%09d %s\n" % (count, b"x" * 64))
        count += 1
        os.pwrite(record, b"%d" % count, 0)
    ended = signal.sigtimedwait({signal.SIGTERM}, 0.005)
"""


@pytest.mark.parametrize("round_", range(2))
def test_every_line_is_kept_though_the_supervisor_is_killed(round_: int, tmp_path: Path) -> None:
    """The service writes ten thousand lines a second and goes on in its grace."""
    player = tmp_path / "player.py"
    player.write_text(f"""
import asyncio, sys
sys.path[:0] = {[str(Path(__file__).parents[1]), str(Path(__file__).parents[2])]!r}
from pathlib import Path
from jobbing import python_spec
from hybrid_tasks.process.jobs import Jobs
async def main():
    jobs = Jobs({PROJECT!r})
    job = await jobs.start(python_spec(Path({str(tmp_path / "logs")!r}), {WRITER!r}, {str(tmp_path / "count")!r}))
    print(job.pid, flush=True)
    await job.wait()
asyncio.run(main())
""")
    with subprocess.Popen([sys.executable, str(player)], stdout=subprocess.PIPE) as supervisor:
        assert supervisor.stdout
        pid = int(supervisor.stdout.readline())
        count = tmp_path / "count"
        until(lambda: count.exists() and int(count.read_text() or 0) > 5000 * (round_ + 1), timeout=60)
        supervisor.kill()
    until(lambda: not Path(f"/proc/{pid}").exists(), timeout=60)
    written = int(count.read_text())

    def complete() -> bool:
        return len(log_bytes(tmp_path / "logs").splitlines()) >= written

    until(complete, timeout=60)
    assert [int(line[:9]) for line in log_bytes(tmp_path / "logs").splitlines()] == list(range(written))


FULL = r"""
import asyncio, json, os, subprocess, sys
sys.path[:0] = json.loads(sys.argv[1])
from pathlib import Path
from jobbing import PROJECT, becomes, python_spec
from hybrid_tasks.process.jobs import Jobs

disk = Path(sys.argv[2])
subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "none", str(disk)], check=True)
SERVICE = '''
import os, signal, sys, time
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
count = 0
longest = 0.0
ended = None
while not ended:
    for _ in range(200):
        before = time.monotonic()
        os.write(1, b"%09d %s\\n" % (count, b"x" * 64))
        longest = max(longest, time.monotonic() - before)
        count += 1
    with open(sys.argv[1], "w") as file: file.write(f"{count} {longest}")
    ended = signal.sigtimedwait({signal.SIGTERM}, 0.002)
'''

async def main():
    jobs = Jobs(PROJECT)
    told = Path(sys.argv[3])
    job = await jobs.start(python_spec(disk / "logs", SERVICE, str(told)))
    await becomes(lambda: job.log_trouble)
    trouble = job.log_trouble
    def count(): return int((told.read_text() or "0").split()[0]) if told.exists() else 0
    start = count()
    # More than the ring in memory holds, while the disk is full.
    await becomes(lambda: count() > start + 120_000)
    await becomes(lambda: job.dropped)
    still = job.log_trouble
    subprocess.run(["mount", "-o", "remount,size=64m", str(disk)], check=True)
    await becomes(lambda: job.log_trouble is None)
    resumed = count()
    await becomes(lambda: count() > resumed + 5_000)
    ended = await job.stop()
    await jobs.close()
    sys.path.insert(0, str(Path(sys.argv[4])))
    from test_output import dropped, log_bytes
    lines = log_bytes(disk / "logs").split(b"\n")
    total, longest = told.read_text().split()
    print(json.dumps({
        "trouble": trouble, "still": still, "total": int(total), "longest": float(longest), "code": ended.code,
        "told": ended.dropped, "dropped": dropped(disk / "logs"), "newlines": len(lines) - 1,
        "bytes": len(log_bytes(disk / "logs")), "first": lines[0][:9].decode(), "last": lines[-2][:9].decode(),
    }))
asyncio.run(main())
"""


def userns() -> str | None:
    if not shutil.which("unshare"):
        return "unshare is not installed"
    tried = subprocess.run(["unshare", "-Urm", "mount", "-t", "tmpfs", "none", "/mnt"], capture_output=True, text=True)
    return None if tried.returncode == 0 else f"user namespaces are off: {tried.stderr.strip()}"


def test_a_full_disk_never_blocks_and_what_is_lost_is_counted(tmp_path: Path) -> None:
    if (reason := userns()) is not None:
        pytest.skip(reason)
    here = Path(__file__).parent
    (tmp_path / "disk").mkdir()
    paths = json.dumps([str(here.parent), str(here.parent.parent)])
    done = subprocess.run(
        [
            "unshare",
            "-Urm",
            sys.executable,
            "-c",
            FULL,
            paths,
            str(tmp_path / "disk"),
            str(tmp_path / "told"),
            str(here),
        ],
        capture_output=True,
        text=True,
        timeout=110,
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["trouble"] == told["still"] == "No space left on device"
    assert told["longest"] < 1
    assert told["code"] == 0
    lost_lines = sum(lines for _, lines in told["dropped"])
    lost_bytes = sum(size for size, _ in told["dropped"])
    assert lost_lines > 0
    assert told["told"] == lost_lines
    assert told["newlines"] + lost_lines == told["total"]
    assert told["bytes"] + lost_bytes == told["total"] * 75
    assert told["first"] == "000000000"
    assert int(told["last"]) == told["total"] - 1


def test_the_exit_of_a_leaver_is_known_before_its_pipe_is_closed(tmp_path: Path) -> None:
    code = (
        "import os, signal\nr, w = os.pipe()\nif os.fork() == 0:\n os.setsid()\n"
        " signal.signal(signal.SIGTERM, signal.SIG_IGN)\n os.write(w, b'x')\n"
        " signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGALRM})\n signal.setitimer(signal.ITIMER_REAL, 0.01, 0.01)\n"
        " while True:\n  os.write(1, b'still here\\n')\n  signal.sigwait({signal.SIGALRM})\nos.read(r, 1)\nos._exit(4)"
    )

    async def go(jobs: Jobs) -> None:
        job = await jobs.start(python_spec(tmp_path, code, grace=50))
        assert await job.wait_code() == 4
        assert job.exit is None
        lines = len(job.tail(100_000))
        await says(job, "still here")
        await becomes(lambda: len(job.tail(100_000)) > lines + 3)
        assert await job.stop(0) == Exit(4, leftovers=1, killed=True)

    with_jobs(go)


def test_five_at_ten_thousand_lines_a_second_lose_nothing(tmp_path: Path) -> None:
    async def go(jobs: Jobs) -> None:
        started = [
            await jobs.start(python_spec(tmp_path / f"s{number}", WRITER, str(tmp_path / f"count{number}")))
            for number in range(5)
        ]
        counts = [tmp_path / f"count{number}" for number in range(5)]
        await becomes(lambda: all(count.exists() and int(count.read_text() or 0) > 20_000 for count in counts))
        for job in started:
            assert await job.stop(30) == Exit(0)
        for number, count in enumerate(counts):
            lines = log_bytes(tmp_path / f"s{number}").splitlines()
            assert [int(line[:9]) for line in lines] == list(range(int(count.read_text())))

    with_jobs(go)


def test_small_and_frequent_output_makes_few_records(tmp_path: Path) -> None:
    """A record is made for a read, not for a line; reads of a chatty program are spaced."""

    async def go(jobs: Jobs) -> float:
        job = await jobs.start(spec(tmp_path, "sh", "-c", "i=0; while [ $i -lt 5000 ]; do echo line; i=$((i+1)); done"))
        started = time.monotonic()
        await job.wait()
        return time.monotonic() - started

    seconds = with_jobs(go)
    (index,) = tmp_path.glob("*.idx")
    assert (index.stat().st_size - len(MAGIC)) // RECORD.size < 10 + seconds / 0.004
    assert log_bytes(tmp_path) == b"line\n" * 5000
