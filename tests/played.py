"""A supervisor played by a small program: starts shapes of the zoo as jobs, tells about them in JSON lines.

`python tests/played.py LOGS PROJECT GRACE SHAPE...`: TERM, INT and HUP end it as a supervisor would end.
It says `{"ready": {...}}` once every shape is complete, `{"exit": ...}` when a job ends, and
`{"closed": true}` when all is down.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parent.parent)]

from hybrid_tasks.model.command import Command  # noqa: E402
from hybrid_tasks.model.service import Stop  # noqa: E402
from hybrid_tasks.process.jobs import Job, Jobs, JobSpec  # noqa: E402
from hybrid_tasks.process.stopping import become_subreaper  # noqa: E402

ZOO = Path(__file__).with_name("zoo.py")


def zoo_spec(shape: str, logs: Path, grace: float) -> JobSpec:
    command = Command((sys.executable, "-I", "-S", str(ZOO), shape), Path("/"))
    return JobSpec(shape, "instance", command, {"PATH": os.environ["PATH"]}, logs / shape, Stop("TERM", grace))


def tell(**what: object) -> None:
    print(json.dumps(what), flush=True)


async def is_ready(job: Job) -> None:
    while "ready" not in job.tail(1000):  # noqa: ASYNC110 -- a file has no event
        await asyncio.sleep(0.01)


async def report(name: str, job: Job) -> None:
    ended = await job.wait()
    tell(exit={"name": name, "code": ended.code, "killed": ended.killed, "leftovers": ended.leftovers})


async def main(logs: Path, project: str, grace: float, shapes: list[str]) -> None:
    become_subreaper()
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        loop.add_signal_handler(number, stop.set)
    jobs = Jobs(project)
    await jobs.open()
    started = await asyncio.gather(*(jobs.start(zoo_spec(shape, logs, grace)) for shape in shapes))
    reports = [asyncio.ensure_future(report(shape, job)) for shape, job in zip(shapes, started, strict=True)]
    await asyncio.gather(*(is_ready(job) for job in started))
    tell(
        ready={
            "jobs": {shape: job.pid for shape, job in zip(shapes, started, strict=True)},
            "shims": [job.shim.pid for job in started if job.shim],
            "template": started[0].shim and os.getsid(started[0].shim.pid),
        }
    )
    await stop.wait()
    await jobs.close()
    await asyncio.gather(*reports)
    tell(closed=True)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2], float(sys.argv[3]), sys.argv[4:]))
