"""Ending processes that nobody looks after."""

from __future__ import annotations

import asyncio
import dataclasses
import os
import subprocess
import sys
from collections.abc import Iterator

import pytest
from waiting import until

from hybrid_tasks.process.identity import ProcessIdentity, identify, read_stat, same
from hybrid_tasks.process.stopping import end_all, pin, wait_gone

POLITE = "import signal, sys; signal.signal(15, lambda *_: sys.exit(3)); print('x', flush=True); signal.pause()"
DEAF = "import signal; signal.signal(15, signal.SIG_IGN); print('x', flush=True); signal.pause()"


class Some:
    """Processes that have said they are ready."""

    def __init__(self) -> None:
        self.all: list[subprocess.Popen[bytes]] = []

    def start(self, code: str) -> tuple[subprocess.Popen[bytes], ProcessIdentity]:
        process = subprocess.Popen([sys.executable, "-I", "-S", "-c", code], stdout=subprocess.PIPE)
        self.all.append(process)
        assert process.stdout
        assert process.stdout.read(1) == b"x"
        identity = identify(process.pid)
        assert identity
        return process, identity


@pytest.fixture
def some() -> Iterator[Some]:
    processes = Some()
    yield processes
    for process in processes.all:
        with process:
            process.kill()


def test_the_polite_end_by_themselves_and_the_deaf_are_killed(some: Some) -> None:
    polite, first = some.start(POLITE)
    deaf, second = some.start(DEAF)
    assert asyncio.run(end_all([first, second, first], grace=1.0)) == 2
    assert polite.wait(30) == 3
    assert deaf.wait(30) == -9


def test_no_grace_is_no_question(some: Some) -> None:
    polite, identity = some.start(POLITE)
    assert asyncio.run(end_all([identity], grace=0)) == 1
    assert polite.wait(30) == -9


def test_what_stands_still_is_ended_too(some: Some) -> None:
    polite, identity = some.start(POLITE)
    os.kill(polite.pid, 19)
    until(lambda: (stat := read_stat(polite.pid)) and stat.state == "T")
    assert asyncio.run(end_all([identity], grace=30)) == 1
    assert polite.wait(30) == 3


def test_a_number_that_was_given_out_again_is_never_signalled(some: Some) -> None:
    stranger, identity = some.start(POLITE)
    recycled = [
        dataclasses.replace(identity, ticks=identity.ticks - 1),
        dataclasses.replace(identity, boot="before the reboot"),
    ]
    assert asyncio.run(end_all(recycled, grace=0)) == 0
    assert all(pin(one) is None for one in recycled)
    assert stranger.poll() is None
    assert same(identity)


def test_the_dead_are_not_waited_for(some: Some) -> None:
    process, identity = some.start(POLITE)
    process.kill()
    process.wait(30)
    assert asyncio.run(end_all([identity], grace=1000)) == 0
    assert asyncio.run(wait_gone(identity, 1000))


def test_waiting_has_an_end(some: Some) -> None:
    process, identity = some.start(POLITE)

    async def play() -> None:
        assert not await wait_gone(identity, 0.01)
        waiting = asyncio.create_task(wait_gone(identity, 60))
        await asyncio.sleep(0)
        process.kill()
        assert await waiting

    asyncio.run(play())


def test_only_orphans_are_reaped() -> None:
    # In a process of its own, because a subreaper once is a subreaper for ever.
    code = """
import os, signal, subprocess, sys
from hybrid_tasks.process.stopping import become_subreaper, reap
assert become_subreaper()
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCHLD})
ours = subprocess.Popen(["sh", "-c", "exit 5"])
leader = subprocess.Popen(["sh", "-c", "exit 6"], start_new_session=True)
middle = subprocess.Popen([sys.executable, "-c", '''
import os
os.setsid()
if os.fork() == 0:
    for number in range(3):
        if os.fork() == 0:
            if number == 2: os.setsid()
            os._exit(number)
    os._exit(0)
'''])
middle.wait()
def zombies():
    pids = map(int, open(f"/proc/self/task/{os.getpid()}/children").read().split())
    return [pid for pid in pids if open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()[0] == "Z"]
while len(zombies()) < 6:
    signal.sigwait({signal.SIGCHLD})
unclear = reap([])
assert leader.pid in unclear and len(unclear) == 2, unclear
assert len(zombies()) == 3, zombies()
assert reap(unclear - {leader.pid}) == {leader.pid}
assert (ours.wait(), leader.wait()) == (5, 6)
assert zombies() == []
"""
    assert subprocess.run([sys.executable, "-c", code], timeout=60).returncode == 0
