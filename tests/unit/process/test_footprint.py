"""What ten services cost beyond themselves."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

from jobbing import spec, with_jobs

from hybrid_tasks.process.jobs import Jobs


def share(pid: int) -> int:
    """Proportional memory of a process, in KB."""
    found = re.search(r"^Pss:\s+(\d+) kB", Path(f"/proc/{pid}/smaps_rollup").read_text(), re.MULTILINE)
    assert found
    return int(found[1])


def test_a_template_and_ten_shims_stay_below_25_megabytes(tmp_path: Path) -> None:
    async def play(jobs: Jobs) -> int:
        started = await asyncio.gather(*(jobs.start(spec(tmp_path, "sleep", "1000")) for _ in range(10)))
        assert jobs._template
        return share(jobs._template.pid) + sum(share(job.shim.pid) for job in started if job.shim)

    assert with_jobs(play) < 25 << 10


def test_the_template_keeps_nothing_of_its_rehearsal(tmp_path: Path) -> None:
    def held_by(pid: int) -> tuple[list[str], list[str]]:
        own = [file for file in Path(f"/proc/{pid}/fd").iterdir() if int(file.name) > 2]
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        return children, sorted(str(file.readlink()).split("[")[0] for file in own)

    async def play(jobs: Jobs) -> None:
        started = await jobs.start(spec(tmp_path, "sleep", "1000"))
        assert jobs._template
        assert started.shim
        assert held_by(jobs._template.pid) == ([str(started.shim.pid)], ["pipe:", "pipe:", "socket:"])

    with_jobs(play)
