"""Whatever is killed, whenever: nothing is left, and the next command works (P1, P2, P4, P12)."""

from __future__ import annotations

import random
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from kills import ZOO, background, gone, kill, supervisors, zoo
from waiting import until

from hybrid_tasks.testing.project import Project

pytestmark = [pytest.mark.needs("linux"), pytest.mark.timeout(600)]

SEED = 20261121
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


def started(project: Project) -> None:
    done = project.inv("dev-start")
    assert done.code == 0, done.out + done.err
    assert {name for name, service in project.status().items() if service["state"] == "running"} == set(ZOO)


def test_p1_a_supervisor_killed_at_a_random_moment_leaves_nothing(project: Project) -> None:
    chance = random.Random(SEED)
    for cycle in range(15):
        action = chance.choice(["dev-start", "dev-stop", "dev-restart"])
        if action != "dev-start":
            started(project)
        running = background(project, action)
        pause = threading.Event()
        until(lambda: supervisors(project), timeout=30)
        pause.wait(chance.uniform(0, 1.5))
        kill(supervisors(project))
        running.wait(60)
        kill(supervisors(project))  # killed before it answered, the command has rightly started another one
        gone(project, GRACE + SLACK)
        states = list((project.root.parent / "state").rglob("state.json"))
        assert len(states) <= 1, cycle
    started(project)


def test_p1_what_was_wanted_comes_back(project: Project) -> None:
    assert project.inv("dev-start", "polite", "session").code == 0
    kill(supervisors(project))
    gone(project, GRACE + SLACK)
    done = project.inv("dev-start")
    assert done.code == 0, done.err
    assert "restored" in done.out + done.err
    assert {n for n, s in project.status().items() if s["state"] == "running"} == {"polite", "session"}


def test_p4_supervisor_and_shims_killed_together_are_swept_by_the_next_command(project: Project) -> None:
    for _ in range(3):
        started(project)
        [supervisor] = supervisors(project)
        family = subprocess.run(["pgrep", "-f", "hybrid_tasks/shim"], capture_output=True, text=True)
        ours = [int(pid) for pid in family.stdout.split() if _ancestor(int(pid), supervisor)]
        assert len(ours) >= len(ZOO), "the shims were not found"
        kill([supervisor, *ours])
        started(project)
        assert len(supervisors(project)) == 1
        assert project.inv("dev-stop").code == 0
        assert project.survivors() == []
        gone(project, 10)  # the supervisor lingers for two seconds


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
        "fsync": (1, 2, 3),
        "write": (1, 5, 9, 14, 20, 27),
        "close": (40, 80, 120, 160, 200, 260),
        "openat": (300, 360, 420, 480, 540, 600),
        "sendmsg": (1, 2, 3, 4, 6, 8),
        "sendto": (1, 2, 4, 8, 12, 16),
        "socketpair": (1, 2, 3, 4, 5),
        "accept4": (1, 2, 3, 4, 5),
        "recvmsg": (1, 3, 5, 8, 12, 16),
        "epoll_ctl": (5, 15, 30, 45, 60, 80),
        "clone3,clone,vfork,fork": (1, 2, 3),
        "ftruncate,link,unlink": (1, 2, 3),
        "pidfd_open,pidfd_send_signal,kill": (1, 2),
    }.items()
    for when in whens
]


@pytest.mark.needs("strace")
@pytest.mark.parametrize(("call", "when"), POINTS, ids=str)
def test_p2_killed_at_a_system_call(project: Project, call: str, when: int) -> None:
    """SIGKILL at the k-th call of a kind, somewhere in start, restart and stop."""
    strace = shutil.which("strace")
    assert strace
    zoo(project, ["polite", "deaf", "session"])
    inject = f"inject={call}:signal=SIGKILL:when={when}"
    argv = [strace, "-qq", "-o", "/dev/null", "-e", f"trace={call}", "-e", inject]
    traced = subprocess.Popen(
        [*argv, sys.executable, "-P", "-m", "hybrid_tasks.supervisor", "--root", str(project.root)],
        env=project.environ,
        cwd="/",
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        until(lambda: traced.poll() is not None or list((project.root.parent / "state").rglob("*.sock")), timeout=30)
        for words in (("dev-start",), ("dev-restart",), ("dev-stop",)):
            if traced.poll() is None:
                project.inv(*words, "--timeout", "20") if words != ("dev-stop",) else project.inv(*words)
        if traced.poll() is None:
            until(lambda: traced.poll() is not None or not project.survivors(), timeout=20)
        else:
            until(lambda: not _unclaimed(project), timeout=GRACE + SLACK)
    finally:
        if traced.poll() is None:
            traced.send_signal(signal.SIGTERM)
        traced.wait(20)
    done = project.inv("dev-start")
    assert done.code == 0, done.out + done.err
    assert len(supervisors(project)) == 1


def _unclaimed(project: Project) -> list[int]:
    """Marked processes while no supervisor lives that could own them."""
    return [] if supervisors(project) else project.survivors()
