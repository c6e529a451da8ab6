"""Env files that others can read."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from hybrid_tasks.env.exposure import concerns, tracked_by_git
from hybrid_tasks.env.files import read


def git(folder: Path, *words: str) -> None:
    subprocess.run(
        ["git", "-c", "user.name=x", "-c", "user.email=x@x", "-c", "init.defaultBranch=main", *words],
        cwd=folder,
        check=True,
        capture_output=True,
        timeout=60,
    )


def worries(file: Path, root: Path) -> list[str]:
    return concerns(file, read(file, {}), root)


@pytest.mark.parametrize(
    ("mode", "told"), [(0o644, True), (0o640, True), (0o604, True), (0o600, False), (0o700, False)]
)
def test_sec_readable_by_others_with_a_secret_is_one_warning(mode: int, told: bool, tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("A=1\nDB_PASSWORD=canary\nAPI_KEY=canary\n")
    file.chmod(mode)
    found = worries(file, tmp_path)
    assert len(found) == told
    assert all("`API_KEY`" in line and "chmod 600 .env" in line and "canary" not in line for line in found)


def test_readable_by_others_without_a_secret_is_fine(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("A=1\nPUBLIC_KEY=x\nAPI_KEY=\n")
    file.chmod(0o644)
    assert worries(file, tmp_path) == []


@pytest.mark.parametrize("version", [2, 3, 4])
def test_sec_tracked_by_git_is_one_warning(version: int, tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    git(tmp_path, "config", "index.version", str(version))
    (tmp_path / "api").mkdir()
    for name in (".editorconfig", ".env", ".envrc", "api/.env", "api/main.py", "zebra"):
        (tmp_path / name).write_text("A=1\n")
    (tmp_path / "api" / ".env").chmod(0o600)
    git(tmp_path, "add", ".editorconfig", ".env", "api", "zebra")
    if version == 3:
        git(tmp_path, "add", "--intent-to-add", ".envrc")
    git(tmp_path, "update-index", "--index-version", str(version))
    assert worries(tmp_path / ".env", tmp_path) == [
        ".env is tracked by git; `git rm --cached .env` and add it to .gitignore"
    ]
    assert worries(tmp_path / "api" / ".env", tmp_path)
    assert tracked_by_git(tmp_path / "zebra")
    assert tracked_by_git(tmp_path / "api" / "main.py")
    (tmp_path / "main.py").write_text("")
    assert not tracked_by_git(tmp_path / "main.py")
    (tmp_path / ".env.local").write_text("")
    assert not tracked_by_git(tmp_path / ".env.local")


def test_ignored_by_git_is_fine(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    (tmp_path / ".gitignore").write_text(".env\n")
    (tmp_path / ".env").write_text("A=1\n")
    git(tmp_path, "add", ".")
    assert worries(tmp_path / ".env", tmp_path) == []


def test_a_tracked_file_of_another_name_matters_only_with_a_secret(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    (tmp_path / "dev.env").write_text("A=1\n")
    (tmp_path / ".env.example").write_text("PASSWORD=\n")
    git(tmp_path, "add", ".")
    assert worries(tmp_path / "dev.env", tmp_path) == []
    assert worries(tmp_path / ".env.example", tmp_path) == []
    (tmp_path / "dev.env").write_text("PASSWORD=canary\n")
    (tmp_path / "dev.env").chmod(0o600)
    assert len(worries(tmp_path / "dev.env", tmp_path)) == 1


def test_tracked_in_a_worktree(tmp_path: Path) -> None:
    main, tree = tmp_path / "main", tmp_path / "tree"
    main.mkdir()
    git(main, "init", "-q")
    (main / ".env").write_text("A=1\n")
    git(main, "add", ".")
    git(main, "commit", "-q", "-m", "x")
    git(main, "worktree", "add", "-q", str(tree))
    assert tracked_by_git(tree / ".env")


@pytest.mark.parametrize(
    "data", [b"", b"DIRC", b"DIRC\0\0\0\2\0\0\0\1.env", b"x" * 100, b"DIRC\0\0\0\4\0\0\0\1" + b"\xff" * 70]
)
def test_a_broken_index_is_no_answer(data: bytes, tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "index").write_bytes(data)
    (tmp_path / ".env").write_text("A=1\n")
    assert not tracked_by_git(tmp_path / ".env")


def test_missing_file_and_no_repository(tmp_path: Path) -> None:
    assert concerns(tmp_path / "no" / ".env", [], tmp_path) == []
