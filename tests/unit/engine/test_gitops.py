"""Git operations in progress, with real git."""

# names that are no text need plain strings
# ruff: noqa: PTH123
from __future__ import annotations

import asyncio
import os
import subprocess
from pathlib import Path

import pytest

from hybrid_tasks.engine.gitops import LOCK_CAP, OPERATION_CAP, Operations, in_progress

ENV = {
    "PATH": os.environ["PATH"], "HOME": "/nonexistent", "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull,
    "GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@b", "GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a@b",
    "GIT_EDITOR": "true",
}  # fmt: skip


def git(directory: Path, *words: str, fails: bool = False) -> None:
    done = subprocess.run(["git", *words], cwd=directory, env=ENV, capture_output=True, text=True, check=False)
    assert (done.returncode != 0) == fails, done.stderr + done.stdout


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A branch `other` that conflicts with `main`."""
    root = tmp_path.resolve() / "checkout"
    (root / "api").mkdir(parents=True)
    git(root, "init", "-q", "-b", "main")
    for branch, text in (("main", "one"), ("other", "two"), ("main", "three")):
        if branch == "other":
            git(root, "checkout", "-q", "-b", "other")
        elif (root / "api/a.txt").exists():
            git(root, "checkout", "-q", "main")
        (root / "api/a.txt").write_text(text)
        git(root, "add", ".")
        git(root, "commit", "-q", "-m", text)
    return root


class Clock:
    def __init__(self) -> None:
        self.now = 50.0

    def __call__(self) -> float:
        return self.now


def test_nothing_in_progress(checkout: Path, tmp_path: Path) -> None:
    assert in_progress(checkout / "api") is None
    assert in_progress(tmp_path) is None


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["merge", "other"], "a git merge"),
        (["rebase", "other"], "a git rebase"),
        (["rebase", "--apply", "other"], "a git rebase"),
        (["cherry-pick", "other"], "a git cherry-pick"),
        (["revert", "HEAD~1"], "a git revert"),
    ],
)
def test_an_operation_that_stopped_in_the_middle(checkout: Path, words: list[str], says: str) -> None:
    if words[0] == "revert":
        (checkout / "api/a.txt").write_text("four")
        git(checkout, "commit", "-q", "-a", "-m", "four")
    git(checkout, *words, fails=True)
    found = in_progress(checkout / "api")
    assert found is not None
    assert found.startswith(says)
    git(checkout, words[0], "--abort")
    assert in_progress(checkout / "api") is None


def test_a_lock_while_git_writes(checkout: Path) -> None:
    """Git is held in the middle of a checkout by a filter that waits, which is where our answer is asked."""
    answer = checkout.parent / "answer"
    asking = checkout.parent / "asking"
    os.mkfifo(answer)
    os.mkfifo(asking)
    git(checkout, "config", "filter.wait.smudge", f"echo x > {asking}; read line < {answer}; cat")
    (checkout / ".git/info/attributes").write_text("a.txt filter=wait\n")
    with subprocess.Popen(["git", "checkout", "-q", "other"], cwd=checkout, env=ENV) as running:
        with open(asking, encoding="ascii") as waits:
            waits.readline()
        found = in_progress(checkout / "api")
        answer.write_text("go\n")
        assert running.wait(30) == 0
    assert found is not None
    assert "index.lock" in found
    assert in_progress(checkout / "api") is None


def test_a_worktree_has_its_own_state(checkout: Path, tmp_path: Path) -> None:
    tree = tmp_path.resolve() / "tree"
    git(checkout, "worktree", "add", "-q", str(tree), "other")
    assert (tree / ".git").is_file()
    git(tree, "merge", "main", fails=True)
    assert in_progress(tree / "api") is not None
    assert in_progress(checkout) is None


def test_a_submodule_has_its_own_state(checkout: Path, tmp_path: Path) -> None:
    outer = tmp_path.resolve() / "outer"
    outer.mkdir()
    git(outer, "init", "-q")
    git(outer, "-c", "protocol.file.allow=always", "submodule", "add", "-q", str(checkout), "inner")
    inner = outer / "inner"
    git(inner, "checkout", "-q", "-b", "mine", "origin/main")
    git(inner, "merge", "origin/other", fails=True)
    assert in_progress(inner / "api") is not None
    assert in_progress(outer) is None


@pytest.mark.parametrize(
    "content",
    ["", "gitdir: /nowhere\n", "nonsense", pytest.param("gitdir: " + "x" * 5000, id="too-long"), "gitdir: a\0b"],
)
def test_a_git_file_that_leads_nowhere(tmp_path: Path, content: str) -> None:
    (tmp_path / ".git").write_text(content)
    assert in_progress(tmp_path) is None


@pytest.mark.parametrize(("name", "cap"), [("index.lock", LOCK_CAP), ("MERGE_HEAD", OPERATION_CAP)])
def test_held_until_the_cap_and_then_never_again_for_the_same_operation(checkout: Path, name: str, cap: float) -> None:
    clock = Clock()
    operations = Operations(checkout, clock)
    marker = checkout / ".git" / name
    marker.write_text("")
    assert operations.look()[0] is not None
    clock.now += cap - 0.1
    assert operations.look()[0] is not None
    clock.now += 0.2
    assert operations.look()[0] is None
    assert operations.look()[0] is None
    marker.unlink()
    assert operations.look()[0] is None
    marker.write_text("")
    assert operations.look()[0] is not None


def test_waiting_ends_with_the_operation(checkout: Path) -> None:
    clock = Clock()
    operations = Operations(checkout, clock)
    marker = checkout / ".git/index.lock"
    marker.write_text("")
    pauses: list[float] = []

    async def pause(seconds: float) -> None:
        pauses.append(seconds)
        clock.now += seconds
        if len(pauses) == 6:
            marker.unlink()

    assert asyncio.run(operations.ended(pause)) is None
    assert len(pauses) == 6
    assert max(pauses) <= 0.2


def test_giving_up_is_said(checkout: Path) -> None:
    clock = Clock()
    operations = Operations(checkout, clock)
    (checkout / ".git/index.lock").write_text("")

    async def pause(seconds: float) -> None:
        clock.now += seconds

    said = asyncio.run(operations.ended(pause))
    assert said is not None
    assert "more than 10 s: reloaded all the same" in said
    assert asyncio.run(operations.ended(pause)) == said
