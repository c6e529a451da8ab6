"""What is started from `dev-debug` is the user's own: exact words, exact code, and it outlives everything of ours."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from kills import gone, kill, supervisors

from hybrid_tasks.testing.project import Project

pytestmark = pytest.mark.timeout(300)

NASTY = (
    "", " ", "a b", "'", '"', "\\", "$HOME", "$(id)", "`id`", ";", "&&", "|", ">x", "*", "~", "#", "!", "--help", "-h", "--",
    "dev-stop", "é", "日本", "\t", "a\nb", "%s", "{artefact}", "{changed}", "--json", "-f",
)  # fmt: skip


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    project = Project(tmp_path / "project", tmp_path / "state")
    project.write("web/note.txt", "here")
    project.write(
        "hybrid.toml", '[services.web]\ndir = "web"\ncommand = ["sleep", "1000"]\nenv = {GREETING = "hello"}\n'
    )
    yield project
    assert project.close() == []


def test_words_arrive_byte_for_byte(project: Project) -> None:
    tell = "import json, sys; print(json.dumps(sys.argv[1:]))"
    done = project.inv("dev-debug", "web", sys.executable, "-c", tell, *NASTY)
    assert done.code == 0, done.err
    assert json.loads(done.out) == list(NASTY)


def test_the_command_runs_in_the_service_s_place_and_its_code_comes_back(project: Project) -> None:
    done = project.inv("dev-debug", "web", "sh", "-c", 'cat note.txt; echo " $GREETING"; exit 7')
    assert (done.code, done.out) == (7, "here hello\n")


@pytest.mark.needs("tmux")
def test_a_tmux_started_there_survives_stop_start_and_kill(project: Project, tmp_path: Path) -> None:
    assert project.inv("dev-start").code == 0
    socket = str(tmp_path / "t")
    server = ("tmux", "-S", socket, "-f", "/dev/null")
    assert project.inv("dev-debug", "web", *server, "new-session", "-d", "sleep 1000").code == 0
    pid = int(project.inv("dev-debug", "web", *server, "display-message", "-p", "#{pid}").out)
    try:
        assert project.inv("dev-stop").code == 0
        assert project.inv("dev-start").code == 0
        kill(supervisors(project))
        gone(project, 6)
        assert project.inv("dev-start").code == 0
        os.kill(pid, 0)
        assert pid not in project.survivors()
    finally:
        os.kill(pid, signal.SIGTERM)


def test_bug_a_stop_after_a_kill_is_not_undone_by_the_next_start(project: Project) -> None:
    assert project.inv("dev-start").code == 0
    kill(supervisors(project))
    gone(project, 6)
    assert project.inv("dev-stop").code == 0
    done = project.inv("dev-start")
    assert "restored" not in done.out + done.err
