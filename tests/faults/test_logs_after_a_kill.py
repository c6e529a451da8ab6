"""What a log says of a supervisor that was killed: there is nobody left to say it but the shims."""

from __future__ import annotations

import re

import pytest
from kills import gone, kill, supervisors
from logreaders import Reader
from seat import plain, started

from hybrid_tasks.testing.project import Project

pytestmark = [pytest.mark.needs("linux"), pytest.mark.timeout(120)]


def told(project: Project) -> list[str]:
    """Our own lines in the log, without what differs from day to day."""
    lines = re.findall(r"^api \| -- (.*)", project.inv("dev-logs").out, re.MULTILINE)
    return [re.sub(r": \d.*", "", line) for line in lines]


def test_bug_a_killed_supervisor_left_no_mark_in_the_logs(project: Project, readers: list[Reader]) -> None:
    plain(project, {"api": 'command = ["sh", "-c", "echo up; exec sleep 1000"]'})
    started(project)
    readers.append(reader := Reader(project.root / ".hybrid" / "logs", follow=True))
    reader.until(b"-- started")
    kill(supervisors(project))
    reader.until(b"-- ended, because its supervisor had died")
    gone(project, 10)
    started(project)
    lost = "ended, because its supervisor had died: `inv dev-start` restores what ran"
    assert told(project) == ["started", lost, "started"]
    assert project.inv("dev-stop").code == 0
    assert told(project) == ["started", lost, "started", "stopped"], "an ordinary end is none of a supervisor"
    assert lost not in project.inv("dev-logs", "--no-events").out
    assert "supervisor" in project.inv("dev-logs", "--level", "error").out
