"""The main lines of what py-spy and a Go program print."""

from __future__ import annotations

from pathlib import Path

import pytest
from jobbing import python_spec, says, with_jobs

from hybrid_tasks.model.command import Command
from hybrid_tasks.model.service import Service
from hybrid_tasks.process.jobs import Job, Jobs
from hybrid_tasks.supervisor import stacks
from hybrid_tasks.supervisor.berths import Berth
from hybrid_tasks.supervisor.stacks import main_frames, main_goroutine
from hybrid_tasks.supervisor.stuck import explained

HERE = Path("/shop/web")

PYTHON = """Python v3.11.7 (/usr/bin/python3.11)

Thread 12 (idle): "worker"
    wait (/usr/lib/python3.11/threading.py:320)
Thread 10 (active): "MainThread"
    create_connection (/usr/lib/python3.11/socket.py:836)
    dial (/shop/web/main.py:4)
    <module> (/shop/web/main.py:6)
    _as_script (/opt/hybrid_stack_python/launch.py:70)
    <module> (/opt/hybrid_stack_python/launch.py:86)
Thread 11 (idle): "other"
    sleep (x.py:1)""".splitlines()

GO = """SIGQUIT: quit
PC=0x47 m=0 sigcode=0

goroutine 0 gp=0x5 m=0 mp=0x5 [idle]:
runtime.futex(0x56, 0x80)
\t/usr/local/go/src/runtime/sys_linux_amd64.s:557 +0x21 fp=0x7

goroutine 1 gp=0xc0 m=nil [chan receive, 2 minutes]:
runtime.gopark(0x7f?, 0x70?)
\t/usr/local/go/src/runtime/proc.go:462 +0xce
main.(*Server).run(0xc000012345)
\t/shop/web/server.go:12 +0x2f
main.main()
\t/shop/web/main.go:15 +0x2f
runtime.main()
\t/usr/local/go/src/runtime/proc.go:290 +0x2d5

goroutine 2 gp=0xc1 m=nil [force gc (idle)]:
main.other()
\t/shop/web/other.go:1 +0x2f""".splitlines()


def test_the_main_thread_s_own_frames_are_shown() -> None:
    assert main_frames(PYTHON, HERE) == [
        "  create_connection (/usr/lib/python3.11/socket.py:836)",
        "  dial (main.py:4)",
        "  <module> (main.py:6)",
    ]
    assert main_frames(["Permission denied"], HERE) == []


def test_the_main_goroutine_is_shown_without_the_runtime() -> None:
    assert main_goroutine(GO, HERE) == [
        "goroutine 1 [chan receive, 2 minutes]:",
        "  main.(*Server).run (server.go:12)",
        "  main.main (main.go:15)",
    ]
    assert main_goroutine(["panic: no"], HERE) == []


@pytest.mark.needs("linux")
def test_bug_what_to_install_stood_between_the_reason_and_the_last_lines(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stacks, "found", lambda *_: None)  # it would be found beside our own interpreter

    async def play(jobs: Jobs) -> str:
        job = await jobs.start(python_spec(tmp_path, 'import time; print("dreaming", flush=True); time.sleep(1000)'))
        await says(job, "dreaming")
        service, berth = Service("web", tmp_path), Berth("127.0.0.1", None)
        return await explained(job, "it sleeps", service, berth, None, spawn=unasked, environ={})

    assert with_jobs(play).splitlines() == [
        "it sleeps",
        "dreaming",
        "hint: pip install 'hybrid-tasks[debug]' shows what a Python program is doing",
    ]


async def unasked(_role: str, _command: Command) -> Job:
    raise AssertionError
