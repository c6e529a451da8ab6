"""Throw-away projects with a supervisor of their own, as `hybrid_tasks.testing` makes them, that leave nothing."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench import tools
from hybrid_tasks.testing.project import Project

INV = tools.find("inv") or "inv"
PYTHON = sys.executable


def environment(more: Mapping[str, str] | None = None) -> dict[str, str]:
    """Give the environment of everything that is measured: a user's, in which Python writes its `.pyc` files."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "HYBRID_"))}
    here = os.pathsep.join((str(Path(sys.executable).parent), kept["PATH"]))
    return {**kept, "PATH": here, **(more or {})}


@contextlib.contextmanager
def folder() -> Iterator[Path]:
    """A folder that is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="hybrid-bench-") as name:
        yield Path(name)


@contextlib.contextmanager
def project(files: Mapping[str, str]) -> Iterator[Project]:
    """A project that is stopped and gone afterwards.

    Args:
        files: text by name; `hybrid.toml` and the sources.
    """
    with folder() as place:
        made = Project(place / "project", place / "state")
        own = ("XDG_STATE_HOME", "XDG_RUNTIME_DIR", "HYBRID_ALLOW_ROOT")
        made.environ = environment({name: made.environ[name] for name in own})
        for name, text in files.items():
            made.write(name, text)
        try:
            yield made
        finally:
            if left := made.close():
                print(f"LEFT BEHIND: {left}", file=sys.stderr)


@dataclass(frozen=True, slots=True)
class Took:
    """What a command cost: seconds on the clock, and of the processor (which others on the machine disturb less)."""

    wall: float
    cpu: float


def timed(words: Sequence[str], cwd: Path, env: Mapping[str, str], codes: tuple[int, ...] = (0,)) -> Took:
    """Run a command to its end; an exit code that is not expected is an error of the bench."""
    with tempfile.TemporaryFile() as said:
        begin = time.perf_counter()
        child = subprocess.Popen(words, cwd=cwd, env=env, stdin=subprocess.DEVNULL, stdout=said, stderr=said)
        _, status, usage = os.wait4(child.pid, 0)
        spent = time.perf_counter() - begin
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode not in codes:
            said.seek(0)
            raise RuntimeError(f"{words} ended with {child.returncode}: {said.read().decode()}")
    return Took(spent, usage.ru_utime + usage.ru_stime)


def start(made: Project, *words: str) -> Took:
    """Run `inv dev-start`."""
    return timed([INV, "dev-start", *words], made.root, made.environ)
