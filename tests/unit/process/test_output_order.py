"""Lines of the two pipes of a program: logged in the order and at the times in which they came."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from pathlib import Path

from jobbing import python_spec, says, with_jobs

from hybrid_tasks.process.jobs import Job, Jobs
from hybrid_tasks.shim.logfile import MAGIC, RECORD, LogFile
from hybrid_tasks.shim.pipes import Pipes

STDOUT, STDERR = 1, 2


def records(index: Path) -> list[tuple[int, float]]:
    """Stream and time of every record."""
    return [(stream, at) for _, _, at, stream in RECORD.iter_unpack(index.read_bytes()[len(MAGIC) :])]


PRINTING = """
import os, sys
for number, order in enumerate(sys.argv[3:]):
    open(sys.argv[1]).read()
    for stream in order:
        os.write(int(stream), f"{number} {stream}\\n".encode())
    open(sys.argv[2], "w").close()
"""


def test_bug_what_came_between_two_looks_was_logged_as_if_standard_output_were_the_first(tmp_path: Path) -> None:
    go, done = tmp_path / "go", tmp_path / "done"
    os.mkfifo(go)
    os.mkfifo(done)

    async def play(jobs: Jobs) -> None:
        orders = ("12", "21", "21", "12")
        job = await jobs.start(python_spec(tmp_path / "logs", PRINTING, str(go), str(done), *orders))
        for number, order in enumerate(orders):
            await asyncio.to_thread(_printed_unseen, job, go, done)
            await says(job, f"{number} {order[-1]}")
        await job.wait()
        found = [str(stream) for stream, _ in records(job.log.with_suffix(".idx"))]
        assert "".join(found[: 2 * len(orders)]) == "".join(orders)

    with_jobs(play)


def _printed_unseen(job: Job, go: Path, done: Path) -> None:
    """Let the program print while its shim cannot look."""
    assert job.shim
    os.kill(job.shim.pid, signal.SIGSTOP)
    try:
        go.write_text("")
        done.read_text()
    finally:
        os.kill(job.shim.pid, signal.SIGCONT)


def test_bug_what_lay_in_a_pipe_was_logged_as_of_the_moment_it_was_read(tmp_path: Path) -> None:
    """A line that a service printed before it answered its probe stood behind our own line that it is healthy."""
    (out, into), log = os.pipe(), LogFile(os.fsencode(tmp_path), b"job", 1 << 20)
    pipes = Pipes(log, {out: STDOUT})
    for line, waited in ((b"first\n", True), (b"second\n", False), (b"third\n", True)):
        os.write(into, line)
        printed = time.time()
        pipes.look(waited=waited)
        pipes.pump(out)
        (*_, (_, before)), (_, at) = [(0, 0.0), *records(tmp_path / "job.idx")][:-1], records(tmp_path / "job.idx")[-1]
        assert before <= at
        assert (at <= printed) is not waited
    os.close(into)
    log.end(0)
