"""What has started is written down in order, however many start at once."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path

from hybrid_tasks.logs import store
from hybrid_tasks.model.command import Command
from hybrid_tasks.process.jobs import Job, JobSpec
from hybrid_tasks.supervisor.announcing import Announcing
from hybrid_tasks.supervisor.rush import Rush


def test_all_that_start_at_once_are_written_down_in_order(tmp_path: Path) -> None:
    names, runs = ("api", "web"), [f"{number:012x}" for number in range(5)]

    async def start_them() -> None:
        announcing = Announcing(Rush(), lambda _: "36")
        for run in runs:
            for name in names:
                ours, theirs = socket.socketpair()
                ours.setblocking(False)
                spec = JobSpec(name, "instance", Command(("true",), tmp_path), {}, tmp_path / name)
                announcing.started(Job(run, spec, ours))
                theirs.close()
            await asyncio.sleep(0)  # the first are being written by now
        await announcing.close()

    asyncio.run(start_them())
    for name in names:
        written = store.current(tmp_path / name)
        assert (written["name"], written["colour"]) == (name, "36")
        assert [job["run"] for job in written["jobs"]] == runs  # type: ignore[attr-defined]
