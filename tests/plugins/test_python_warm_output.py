"""What a fork of a warm parent prints: all of it in the log, as if its shim had been there from the first line on."""

from __future__ import annotations

from pathlib import Path

import pytest
from jobbing import becomes, with_jobs
from warming import place, warmed

from hybrid_tasks.process.jobs import Jobs
from hybrid_tasks.shim.logfile import RECORD

pytestmark = pytest.mark.needs("linux")


def test_bug_what_a_fork_printed_before_its_shim_looked_was_logged_late_and_standard_output_first(
    tmp_path: Path,
) -> None:
    """`GET /healthz` (stdout) stood before `Started server process` (stderr), and both behind our own `-- started`."""
    says_both = """
import os, time
os.write(2, b"started\\n")
os.write(1, b"GET\\n")
os.write(1, b"%d\\n" % time.time_ns())
time.sleep(1000)
"""

    async def play(jobs: Jobs) -> None:
        where = place(tmp_path, files={"both.py": says_both})
        parent = await warmed(jobs, where, "both.py")
        job = await jobs.fork(where.program("both.py"), parent)
        index = job.log.with_suffix(".idx")
        await becomes(lambda: index.exists() and len(index.read_bytes()) >= 8 + 2 * RECORD.size)
        err, out = list(RECORD.iter_unpack(index.read_bytes()[8:]))[:2]
        assert (err[3], out[3]) == (2, 1)
        await becomes(lambda: len(job.tail()) > 2)
        assert job.tail()[:2] == ["started", "GET"]
        assert err[2] <= out[2] <= int(job.tail()[2]) / 1e9
        await job.stop(0)

    with_jobs(play)
