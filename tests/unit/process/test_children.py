from __future__ import annotations

import os
import subprocess
import sys
import threading

import pytest
from waiting import until

from hybrid_tasks.process import children
from hybrid_tasks.process.children import family
from hybrid_tasks.process.identity import descendants

TREE = "import subprocess,sys; subprocess.Popen(['sleep','60']); subprocess.Popen(['sh','-c','sleep 60 & wait']); print(1,flush=True); sys.stdin.read()"


def test_a_family_is_what_a_look_at_every_process_finds() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", TREE], stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True
    ) as process:
        try:
            until(lambda: len(descendants(process.pid)) == 3)
            assert family(process.pid)[0] == process.pid
            assert set(family(process.pid)) == {process.pid, *descendants(process.pid)}
        finally:
            os.killpg(process.pid, 9)


@pytest.mark.needs("linux")
def test_children_of_another_thread_are_found() -> None:
    made: list[subprocess.Popen[bytes]] = []
    over = threading.Event()

    def make() -> None:
        made.append(subprocess.Popen(["sleep", "60"]))
        over.wait(60)

    thread = threading.Thread(target=make)
    thread.start()
    try:
        until(lambda: made and made[0].pid in family(os.getpid()))
    finally:
        over.set()
        thread.join()
        for process in made:
            process.kill()
            process.wait()


def test_a_process_that_has_ended_is_alone() -> None:
    process = subprocess.Popen(["true"])
    process.wait()
    assert family(process.pid) == [process.pid]


def test_without_these_files_every_process_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(_pid: int) -> list[int]:
        raise FileNotFoundError

    monkeypatch.setattr(children, "_children", missing)
    with subprocess.Popen(["sleep", "60"]) as process:
        try:
            assert process.pid in family(os.getpid())
        finally:
            process.kill()
