"""P3: every shim is killed at once; what they looked after dies, is shown as crashed and comes back by its rule."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from kills import kill, supervisors
from seat import plain, services, started
from waiting import until
from zoos import shape

from hybrid_tasks.testing.project import Project

pytestmark = [pytest.mark.needs("linux"), pytest.mark.timeout(300)]

SHAPES = ("polite", "group", "family", "session", "deaf", "deaf-session")


def children(parent: int) -> list[int]:
    return [int(pid) for file in Path(f"/proc/{parent}/task").glob("*/children") for pid in file.read_text().split()]


def shims(project: Project) -> tuple[int, list[int]]:
    """The template and the shims it has forked."""
    [supervisor] = supervisors(project)
    [template] = [pid for pid in children(supervisor) if b"hybrid_tasks/shim" in _words(pid)]
    return template, children(template)


def _words(pid: int) -> bytes:
    return Path(f"/proc/{pid}/cmdline").read_bytes()


@pytest.mark.parametrize("template_too", [False, True], ids=["shims", "template and shims"])
def test_p3_every_shim_killed_at_once(project: Project, template_too: bool) -> None:
    plain(project, {name: shape(name, 0.5) for name in SHAPES} | {"never": shape("polite") + '\nrestart = "never"'})
    started(project)
    seconds: list[float] = []
    for _ in range(3 if template_too else 5):
        before = {name: one["pid"] for name, one in services(project).items()}
        family = set(project.survivors())
        assert set(before.values()) <= family
        template, ours = shims(project)
        assert len(ours) == len(before)
        kill([*ours, *([template] if template_too else [])])
        begun = time.monotonic()
        until(lambda family=family: not family & set(project.survivors()), timeout=10)
        seconds.append(time.monotonic() - begun)
        assert seconds[-1] < 5, "the rule is one, on a machine that does nothing else"
        never = until(lambda: (one := services(project)["never"])["state"] == "crashed" and one)
        assert never["detail"] == "ended by SIGKILL: ready; waits for a change"
        until(lambda: all(services(project)[name]["state"] == "running" for name in SHAPES), timeout=30)
        after = services(project)
        assert all(after[name]["pid"] != before[name] for name in SHAPES)
        assert project.inv("dev-restart").code == 0
        assert len(project.survivors()) == len(family), "nobody was started twice"
    assert min(seconds) < 1
