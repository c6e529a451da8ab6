"""A stop after a kill is a wish of the user: the next start does not undo it."""

from __future__ import annotations

import pytest
from kills import gone, kill, supervisors

from hybrid_tasks.testing.project import Project

pytestmark = pytest.mark.needs("linux")


def test_bug_a_stop_after_a_kill_is_not_undone_by_the_next_start(project: Project) -> None:
    project.write("hybrid.toml", '[services.web]\ncommand = ["sleep", "1000"]\n')
    assert project.inv("dev-start").code == 0
    kill(supervisors(project))
    gone(project, 6)
    assert project.inv("dev-stop").code == 0
    done = project.inv("dev-start")
    assert "restored" not in done.out + done.err
