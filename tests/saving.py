"""The ways in which editors and tools save a file."""

# ruff: noqa: PTH123
from __future__ import annotations

import mmap
import os
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path


def truncate_and_write(path: Path, text: str) -> None:
    path.write_text(text)


def temporary_and_rename(path: Path, text: str) -> None:
    spare = path.with_name(f".{path.name}.tmp1")
    spare.write_text(text)
    spare.replace(path)


def backup_and_rename(path: Path, text: str) -> None:
    """As vim does it: probe, swap file, move the old one away, write anew, remove the backup."""
    swap, backup = path.with_name(f".{path.name}.swp"), path.with_name(f"{path.name}~")
    swap.write_text("swap")
    (path.parent / "4913").write_text("")
    (path.parent / "4913").unlink()
    path.rename(backup)
    path.write_text(text)
    backup.unlink()
    swap.unlink()


def delete_and_create(path: Path, text: str) -> None:
    path.unlink()
    path.write_text(text)


def link_and_rename(path: Path, text: str) -> None:
    spare, hard = path.with_name("spare.tmp"), path.with_name("hard.tmp")
    spare.write_text(text)
    os.link(spare, hard)
    hard.replace(path)
    spare.unlink()


def append_in_three_parts(path: Path, text: str) -> None:
    with open(path, "w", encoding="utf-8") as file:
        for part in (text[:2], text[2:4], text[4:]):
            file.write(part)
            file.flush()


def touch_only(path: Path, text: str) -> None:
    os.utime(path)


def write_twice(path: Path, text: str) -> None:
    """A formatter saves again 80 ms after the editor."""
    path.write_text(f"{text}   ")
    threading.Event().wait(0.08)
    path.write_text(text)


def mapped(path: Path, text: str) -> None:
    with open(path, "w+b") as file:
        file.truncate(len(text))
        with mmap.mmap(file.fileno(), len(text)) as memory:
            memory[:] = text.encode()
            memory.flush()


def with_lock_files(path: Path, text: str) -> None:
    """As emacs and JetBrains do it: a dangling lock link, safe write through two renames."""
    lock, old, new = (
        path.with_name(f".#{path.name}"),
        path.with_name(f"{path.name}___jb_old___"),
        path.with_name(f"{path.name}___jb_tmp___"),
    )
    lock.symlink_to("me@here.1:2")
    new.write_text(text)
    path.rename(old)
    new.rename(path)
    old.unlink()
    lock.unlink()


def checkout_of_two_hundred(path: Path, text: str) -> None:
    """Two hundred files change at once, with real git, and back to the text asked for."""
    directory = path.parent
    env = {
        "PATH": os.environ["PATH"],
        "HOME": "/nonexistent",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_SYSTEM": os.devnull,
    }
    identity = ("-c", "user.name=a", "-c", "user.email=a@b")

    def git(*words: str) -> None:
        subprocess.run(["git", *identity, *words], cwd=directory, env=env, check=True, capture_output=True)

    if not (directory / ".git").exists():
        git("init", "-q", "-b", "main")
    branch = text.replace(" ", "-")
    git("checkout", "-q", "--orphan", branch)
    for number in range(200):
        (directory / f"g{number}.go").write_text(f"{text} {number}")
    path.write_text(text)
    git("add", "-A")
    git("commit", "-q", "-m", text)
    git("checkout", "-q", "-b", f"other-{branch}")
    for number in range(200):
        (directory / f"g{number}.go").write_text(f"other {text} {number}")
    git("commit", "-q", "-a", "-m", "other")
    git("checkout", "-q", branch)


STYLES: list[Callable[[Path, str], None]] = [
    truncate_and_write, temporary_and_rename, backup_and_rename, delete_and_create, link_and_rename,
    append_in_three_parts, touch_only, write_twice, mapped, with_lock_files, checkout_of_two_hundred,
]  # fmt: skip
