"""Whatever is killed, whenever: nothing is left, and the next command works (P1, P2, P4, P12)."""

from __future__ import annotations

import json
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from kills import ZOO, background, gone, kill, supervisors, zoo
from seat import ask
from waiting import until

from hybrid_tasks.errors import HybridError
from hybrid_tasks.journal import state as statefile
from hybrid_tasks.testing.project import Project

pytestmark = [pytest.mark.needs("linux"), pytest.mark.timeout(600)]

SEED = 20261121
LISTENS = json.dumps(
    [
        sys.executable,
        "-c",
        "import http.server as h, sys; h.test(h.SimpleHTTPRequestHandler, port=int(sys.argv[1]), bind='127.0.0.1')",
        "{port}",
    ]
)
GRACE = 0.5
SLACK = 4.0  # the machine may be busy; the rule is grace + 1 s


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    project = Project(tmp_path / "project", tmp_path / "state")
    zoo(project)
    yield project
    left = project.close()
    kill(supervisors(project))
    assert left == []


def started(project: Project, *more: str) -> None:
    """All of the zoo runs."""
    done = project.inv("dev-start", "--all")
    assert done.code == 0, done.out + done.err
    running = {name for name, service in project.status().items() if service["state"] == "running"}
    assert running == {*ZOO, *more}


def test_p1_a_supervisor_killed_at_a_random_moment_leaves_nothing(project: Project, port: int) -> None:
    """At a start, a stop, a restart and a reload: the next start needs nobody's help."""
    chance = random.Random(SEED)
    config = project.root / "hybrid.toml"
    listens = LISTENS.replace("{port}", str(port))
    config.write_text(f"{config.read_text()}[services.listens]\ncommand = {listens}\nport = {port}\n")
    seconds = []
    for cycle in range(15):
        action = ("start", "stop", "restart", "reload")[cycle % 4]
        if action != "start":
            started(project, "listens")
        if action == "reload":
            project.write("saved", str(cycle))
        running = background(project, *(("dev-wait", "--reload") if action == "reload" else (f"dev-{action}",)))
        until(lambda: supervisors(project), timeout=30)
        threading.Event().wait(chance.uniform(0, 3 if action == "start" else 1.5))
        kill(supervisors(project))
        begun = time.monotonic()
        running.wait(60)
        kill(supervisors(project))  # killed before it answered, the command has rightly started another one
        gone(project, GRACE + SLACK)
        seconds.append(time.monotonic() - begun)
        with socket.socket() as free:
            free.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            free.bind(("127.0.0.1", port))
        for left in (project.root.parent / "state").rglob("state.json"):
            known = statefile.read(left)
            assert known is not None, (cycle, "it does not parse")
            assert set(known.wanted) <= {*ZOO, "listens"}
        assert not list((project.root.parent / "state").rglob("*.corrupt-*")), cycle
    assert min(seconds) < GRACE + 1
    started(project, "listens")


def test_p1_what_was_wanted_comes_back(project: Project) -> None:
    assert project.inv("dev-start", "polite", "session").code == 0
    kill(supervisors(project))
    gone(project, GRACE + SLACK)
    done = project.inv("dev-start")
    assert done.code == 0, done.err
    assert "restored" in done.out + done.err
    assert {n for n, s in project.status().items() if s["state"] == "running"} == {"polite", "session"}


def test_p4_supervisor_and_shims_killed_together_are_swept_by_the_next_command(project: Project) -> None:
    seconds = []
    for _ in range(3):
        started(project)
        [supervisor] = supervisors(project)
        family = subprocess.run(["pgrep", "-f", "hybrid_tasks/shim"], capture_output=True, text=True)
        ours = [int(pid) for pid in family.stdout.split() if _ancestor(int(pid), supervisor)]
        assert len(ours) >= len(ZOO), "the shims were not found"
        programs = [service["pid"] for service in project.status().values()]
        kill([supervisor, *ours])
        until(lambda programs=programs: not set(programs) & set(project.survivors()))
        left = set(project.survivors())
        assert left, "who is in a session of its own has lost everybody who could end it"
        begun = time.monotonic()
        starting = background(project, "dev-start", "--all", stdout=subprocess.PIPE)
        until(lambda left=left: not left & set(project.survivors()))
        seconds.append(time.monotonic() - begun)
        said = starting.communicate(timeout=60)[0].decode()
        assert re.search(r"ended \d+ processes that a killed supervisor had left behind", said), said
        assert len(supervisors(project)) == 1
        assert project.inv("dev-stop").code == 0
        assert project.survivors() == []
        gone(project, 10)  # the supervisor lingers for two seconds
    assert min(seconds) < 2 + SLACK / 2


def _ancestor(pid: int, wanted: int) -> bool:
    while pid > 1:
        try:
            pid = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
        except OSError:
            return False
        if pid == wanted:
            return True
    return False


def test_p12_a_hundred_starts_at_once_make_one_supervisor(project: Project) -> None:
    zoo(project, ["polite", "session"])
    crowd = [background(project, "dev-start") for _ in range(100)]
    seen: set[int] = set()
    while any(one.poll() is None for one in crowd):
        alive = supervisors(project)
        seen.update(alive)
        threading.Event().wait(0.05)
    assert [one.returncode for one in crowd] == [0] * 100
    assert len(supervisors(project)) == 1
    assert {n: s["restarts"] for n, s in project.status().items()} == {"polite": 0, "session": 0}


def test_p12_two_starts_at_once_make_one_supervisor(project: Project) -> None:
    zoo(project, ["polite"])
    for _ in range(10):
        pair = [background(project, "dev-start"), background(project, "dev-start")]
        assert [one.wait(60) for one in pair] == [0, 0]
        assert len(supervisors(project)) == 1
        assert project.inv("dev-stop").code == 0
        gone(project, 10)


POINTS = [
    (call, when)
    for call, whens in {
        "rename": (1, 2, 3),
        "fsync": (1, 3, 5),
        "write": (1, 5, 12, 24, 36, 48),
        "close": (60, 150, 300, 450, 600, 700),
        "openat": (300, 450, 600, 700, 800, 900),
        "sendmsg": (1, 2, 3, 5, 8, 12),
        "sendto": (1, 2, 4, 8, 16, 32),
        "socketpair": (1, 2, 3, 4, 5),
        "accept4": (1, 2, 3, 4, 5),
        "recvfrom": (1, 4, 10, 25, 60, 100),
        "epoll_ctl": (2, 5, 10, 15, 20, 25),
        "clone3,clone,vfork,fork": (1, 2, 3),
        "ftruncate,link,unlink": (1, 2, 3),
        "pidfd_open,pidfd_send_signal,kill": (1, 2),
    }.items()
    for when in whens
]
assert len(POINTS) == 66, "the number of the fault programme"
IN_A_THREAD = {"rename", "fsync"}
"""Calls that the thread makes which writes the state; all others are the main thread's."""


def answers(project: Project) -> bool:
    """Whether a supervisor listens already."""
    try:
        return bool(ask(project, "status"))
    except HybridError:
        return False


@pytest.mark.needs("strace")
@pytest.mark.parametrize(("call", "when"), POINTS, ids=str)
def test_p2_killed_at_a_system_call(project: Project, call: str, when: int) -> None:
    """SIGKILL at the k-th call of a kind, somewhere in start, restart, reload and stop."""
    strace = shutil.which("strace")
    assert strace
    zoo(project, ["polite", "deaf", "session"])
    inject = f"inject={call}:signal=SIGKILL:when={when}"
    argv = [
        strace,
        *(["-f"] if call in IN_A_THREAD else []),
        "-qq",
        "-o",
        "/dev/null",
        "-e",
        f"trace={call}",
        "-e",
        inject,
    ]
    traced = subprocess.Popen(
        [*argv, sys.executable, "-P", "-m", "hybrid_tasks.supervisor", "--root", str(project.root)],
        env=project.environ,
        cwd="/",
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    told = []
    try:
        until(lambda: traced.poll() is not None or answers(project), timeout=30)
        for op, args in (("start", {}), ("restart", {}), ("wait", {"reload": True}), ("stop", {})):
            project.write("saved", op)
            try:
                told.append((op, ask(project, op, **args)[1]))
            except HybridError as error:
                told.append((op, str(error)))
        if traced.poll() is None:
            until(lambda: traced.poll() is not None or not project.survivors(), timeout=20)
        else:
            until(lambda: not project.survivors(), timeout=GRACE + SLACK)
    finally:
        if traced.poll() is None:
            traced.send_signal(signal.SIGTERM)
        traced.wait(20)
    assert traced.returncode == -signal.SIGKILL, f"so many calls of that kind are not made any more; {told}"
    done = project.inv("dev-start")
    assert done.code == 0, done.out + done.err
    assert len(supervisors(project)) == 1
