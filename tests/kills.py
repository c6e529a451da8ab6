"""Killing supervisors, and proving that nothing is left."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

from waiting import until

from hybrid_tasks.testing.project import Project

# Shapes of services that are hard to end: polite, deaf to TERM, with a grandchild in another session, with a
# grandchild that outlives its parent, and one that forks for ever.
ZOO = {
    "polite": ["sh", "-c", "while :; do sleep 0.2; done"],
    "deaf": ["sh", "-c", "trap '' TERM HUP INT; while :; do sleep 0.2; done"],
    "session": ["sh", "-c", "setsid sleep 1000 & exec sleep 1000"],
    "orphan": ["sh", "-c", "(setsid sh -c 'trap \"\" TERM; sleep 1000' &) ; exec sleep 1000"],
    "forks": ["sh", "-c", "while :; do (sleep 0.3 &); sleep 0.05; done"],
}


def zoo(project: Project, names: list[str] | None = None) -> list[str]:
    """Write a `hybrid.toml` with these shapes."""
    chosen = names or list(ZOO)
    text = ""
    for name in chosen:
        words = ", ".join("'''" + word + "'''" for word in ZOO[name])
        text += f"[services.{name}]\ncommand = [{words}]\nstop = {{grace = 0.5}}\n"
    project.write("hybrid.toml", text)
    return chosen


def supervisors(project: Project) -> list[int]:
    """Pids of supervisors of this project, found by their command line."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = entry.read_bytes().split(b"\0")
        except OSError:
            continue
        if b"hybrid_tasks.supervisor" in words and os.fsencode(project.root) in words and b"--once" not in words:
            found.append(int(entry.parent.name))
    return found


def kill(pids: list[int]) -> None:
    """SIGKILL, whether they are still there or not."""
    for pid in pids:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue


def gone(project: Project, seconds: float) -> None:
    """Wait until no process carries the project's mark and no supervisor lives."""
    until(lambda: not project.survivors() and not supervisors(project), timeout=seconds)


def background(project: Project, *words: str, stdout: int = subprocess.DEVNULL) -> subprocess.Popen[bytes]:
    """Run a task without waiting for it."""
    return subprocess.Popen(
        [sys.executable, "-m", "invoke", *words],
        cwd=project.root,
        env=project.environ,
        stdin=subprocess.DEVNULL,
        stdout=stdout,
        stderr=subprocess.DEVNULL if stdout == subprocess.DEVNULL else subprocess.STDOUT,
    )
