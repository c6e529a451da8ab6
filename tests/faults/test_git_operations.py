"""While git is in the middle of something the tree is in no state anybody meant to run: the swap waits for its end."""

from __future__ import annotations

import subprocess
import threading
from pathlib import Path

import pytest
from seat import output, plain, reloaded, services, started
from shop import receipts
from waiting import until

from hybrid_tasks.testing.project import Project

pytestmark = [pytest.mark.needs("linux"), pytest.mark.timeout(180)]

ECHO = 'dir = "echo"\ncommand = ["sh", "-c", "cat word; exec sleep 1000"]'


def git(project: Project, *words: str, check: bool = True) -> None:
    identity = ["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "core.editor=true"]
    subprocess.run(["git", *identity, *words], cwd=project.root, check=check, capture_output=True)


@pytest.fixture
def word(project: Project) -> Path:
    """The source of a running service, in a checkout with the branches `main` and `other` that conflict."""
    plain(project, {"echo": ECHO})
    file = project.write("echo/word", "zero\n")
    project.write(".gitignore", ".hybrid/\n__pycache__/\n")
    git(project, "init", "-q", "-b", "main")
    git(project, "add", ".")
    git(project, "commit", "-q", "-m", "zero")
    git(project, "checkout", "-q", "-b", "other")
    file.write_text("other\n")
    git(project, "commit", "-q", "-a", "-m", "other")
    git(project, "checkout", "-q", "main")
    file.write_text("main\n")
    git(project, "commit", "-q", "-a", "-m", "main")
    started(project)
    return file


def said(project: Project) -> list[str]:
    return output(project, "echo").split()


@pytest.mark.parametrize("marker", ["index.lock", "rebase-merge", "MERGE_HEAD", "CHERRY_PICK_HEAD"])
def test_a_save_during_an_operation_waits_for_its_end(project: Project, word: Path, marker: str) -> None:
    path = project.root / ".git" / marker
    path.write_text("") if marker != "rebase-merge" else path.mkdir()
    pid = services(project)["echo"]["pid"]
    word.write_text("half way\n")
    threading.Event().wait(1.0)
    assert said(project) == ["main"]
    assert services(project)["echo"]["pid"] == pid, "the old version serves meanwhile"
    word.write_text("whole\n")
    threading.Event().wait(0.3)
    assert said(project) == ["main"]
    path.unlink() if marker != "rebase-merge" else path.rmdir()
    until(lambda: said(project) == ["main", "whole"], timeout=20)


def test_a_rebase_with_a_conflict_is_one_swap_at_its_end(project: Project, word: Path) -> None:
    before = len(receipts(project))
    git(project, "rebase", "other", check=False)
    assert "<<<<<<<" in word.read_text()
    threading.Event().wait(0.7)
    word.write_text("resolved\n")
    git(project, "add", ".")
    git(project, "rebase", "--continue")
    assert reloaded(project)[1] == 0
    assert said(project) == ["main", "resolved"]
    assert [r["result"] for r in receipts(project)[before:] if r["result"] != "cancelled"] == ["live"]


def test_bug_4_what_is_waited_for_is_said(project: Project, word: Path) -> None:
    lock = project.root / ".git" / "index.lock"
    lock.write_text("")
    word.write_text("new\n")
    one = until(lambda: (one := services(project)["echo"])["detail"] and one, timeout=20)
    assert "git is changing the tree" in one["detail"]
    lock.unlink()
    assert reloaded(project)[1] == 0
    assert said(project) == ["main", "new"]


def test_a_lock_that_a_killed_git_has_left_does_not_hold_for_ever(project: Project, word: Path) -> None:
    (project.root / ".git" / "index.lock").write_text("")
    word.write_text("new\n")
    told, code = reloaded(project)
    assert code == 0
    assert said(project) == ["main", "new"]
    assert "index.lock" in told["receipts"][0]["note"], "the receipt says what was waited for in vain"
