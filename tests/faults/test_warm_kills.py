"""Whoever is killed around a warm start, and whenever: the service is there, the next save is live, nothing is left."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from kills import gone, kill, supervisors
from libraries import venv
from seat import reloaded, services, started
from shop import Load, app, python_service, receipts
from waiting import until

from hybrid_tasks.testing.project import Project, get

pytestmark = [pytest.mark.needs("linux"), pytest.mark.timeout(300)]


@pytest.fixture
def main(project: Project, port: int) -> Path:
    """The source of a service that was started warm."""
    file = python_service(project, port)
    venv(file.parent)
    started(project)
    warm(project)
    file.write_text(app("one"))
    assert reloaded(project)[1] == 0
    assert receipts(project)[-1]["start"] == "warm"
    return file


def warm(project: Project) -> None:
    until(lambda: services(project)["web"]["warm"] == "ready", timeout=60, every=0.05)


def parent_of(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return 0


def words(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return ""


def everybody(project: Project) -> dict[int, str]:
    """All descendants of the supervisor with their words."""
    [supervisor] = supervisors(project)
    found, queue = {}, [supervisor]
    for pid in queue:
        for task in Path(f"/proc/{pid}/task").glob("*/children"):
            try:
                queue += map(int, task.read_text().split())
            except OSError:
                continue
        found[pid] = words(pid)
    return found


def warm_parents(project: Project) -> list[int]:
    """Those that a shim of their own started; what they have just forked still has their words for a moment."""
    family = everybody(project)
    return [pid for pid, said in family.items() if "warm_parent.py" in said and "shim" in words(parent_of(pid))]


def warm_parent(project: Project) -> int:
    [pid] = warm_parents(project)
    return pid


def instance(project: Project) -> int:
    return int(services(project)["web"]["pid"])


def shim_of_parent(project: Project) -> int:
    return parent_of(warm_parent(project))


def shim_of_instance(project: Project) -> int:
    pid = parent_of(instance(project))
    until(lambda: "adopt" in words(pid))
    return pid


@pytest.mark.parametrize("who", [warm_parent, shim_of_parent])
def test_without_its_parent_a_service_serves_on_and_a_new_parent_comes(
    project: Project, main: Path, port: int, who: Callable[[Project], int]
) -> None:
    before = instance(project)
    with Load(port) as load:
        old = warm_parent(project)
        kill([who(project)])
        until(lambda: not words(old))
        until(lambda: warm_parents(project), timeout=60)  # it is told "ready" until its end has been seen
        warm(project)
        assert warm_parent(project) != old
        assert instance(project) == before
        main.write_text(app("two"))
        assert reloaded(project)[1] == 0
        until(lambda: load.answers["two"] > 5)
    assert receipts(project)[-1]["start"] == "warm"
    assert load.failures == []


@pytest.mark.parametrize("who", [instance, shim_of_instance])
def test_an_instance_that_was_forked_comes_back(
    project: Project, main: Path, port: int, who: Callable[[Project], int]
) -> None:
    before = instance(project)
    kill([who(project)])
    until(lambda: services(project)["web"]["pid"] not in {None, before})
    assert get(port) == "one"
    assert services(project)["web"]["restarts"] == 1
    assert receipts(project)[-1]["start"] == "warm"
    assert receipts(project)[-1]["note"] == "ended by SIGKILL", "a crash's note is how it ended"
    assert not words(before)


def test_a_killed_supervisor_takes_everything_with_it(project: Project, main: Path, port: int) -> None:
    family = everybody(project)
    assert any("warm_parent.py" in said for said in family.values())
    kill(supervisors(project))
    gone(project, 5)
    until(lambda: not any(words(pid) == said for pid, said in family.items()))
    started(project)
    assert get(port) == "one"


def test_a_supervisor_killed_with_all_shims_is_swept_by_the_next_command(
    project: Project, main: Path, port: int
) -> None:
    family = everybody(project)
    kill([pid for pid, said in family.items() if "hybrid_tasks" in said and "shim" in said] + supervisors(project))
    started(project)
    assert get(port) == "one"
    assert project.inv("dev-stop").code == 0
    assert project.survivors() == []
    until(lambda: not any(said and words(pid) == said for pid, said in family.items()))


def test_killed_at_a_random_moment_of_a_swap(project: Project, main: Path, port: int) -> None:
    """The swap under way ends well, warm or cold, whoever of the parent's side is killed meanwhile."""
    chance = random.Random(20261121)
    pause = threading.Event()
    with Load(port) as load:
        for number in range(12):
            warm(project)
            victim = chance.choice([warm_parent, shim_of_parent])(project)
            main.write_text(app(f"v{number}"))
            pause.wait(chance.uniform(0, 0.06))
            kill([victim])
            told, code = reloaded(project)
            assert code == 0, told["receipts"]
            assert get(port) == f"v{number}"
            project_is_tidy(project)
    assert load.failures == []


def test_supervisor_killed_at_a_random_moment_of_a_swap(project: Project, main: Path, port: int) -> None:
    chance = random.Random(20261122)
    pause = threading.Event()
    for number in range(8):
        main.write_text(app(f"v{number}"))
        pause.wait(chance.uniform(0, 0.08))
        kill(supervisors(project))
        gone(project, 6)
        started(project)
        assert get(port) == f"v{number}"
        warm(project)


def project_is_tidy(project: Project) -> None:
    """One instance and at most two parents: the one in the making and the one before."""
    until(lambda: sum("-m uvicorn" in said for said in everybody(project).values()) == 1)
    assert len(everybody(project)) < 12


def test_stopped_services_leave_no_parent(project: Project, main: Path) -> None:
    parent = warm_parent(project)
    assert project.inv("dev-stop", "web").code == 0
    until(lambda: not words(parent))
    assert project.survivors() == []


def test_a_fork_that_dies_of_a_signal_is_started_cold_instead(project: Project, port: int) -> None:
    """A library that cannot stand being forked, and does not show it before."""
    main = python_service(project, port)
    site = venv(main.parent)
    (site / "fragile.py").write_text(
        "import os, signal\nHERE = os.getpid()\ndef use():\n    if os.getpid() != HERE:\n        os.kill(os.getpid(), signal.SIGSEGV)\n"
    )
    main.write_text("import fragile\nfragile.use()\n" + app("zero"))
    started(project)
    for number in range(4):
        until(lambda: services(project)["web"]["warm"] not in {"starting", ""}, timeout=60)
        main.write_text("import fragile\nfragile.use()\n" + app(f"v{number}"))
        told, code = reloaded(project)
        assert code == 0, told["receipts"]
        assert get(port) == f"v{number}"
        assert told["receipts"][0]["start"].startswith("cold: the one that was started warm ended by signal 11")
    assert services(project)["web"]["remarks"] != []


def test_signals_to_a_group_or_a_terminal_do_not_reach_parents(project: Project, main: Path) -> None:
    parent, shim = warm_parent(project), shim_of_instance(project)
    assert os.getsid(shim) == shim
    assert os.getsid(parent) == parent
    assert os.getpgid(instance(project)) == instance(project)
    os.killpg(instance(project), signal.SIGTERM)
    until(lambda: services(project)["web"]["state"] == "finished" or services(project)["web"]["restarts"] == 1)
    assert words(parent)
    assert subprocess.run(["kill", "-0", str(parent)]).returncode == 0
