"""A project folder and the real `inv` in it, in a pipe or on a terminal."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pexpect
from fakes import Answer, FakeSupervisor, short_folder

INV = Path(sys.executable).with_name("inv")
GOLDEN = Path(__file__).parent / "golden" / "cli"
TASKS = "from hybrid_tasks import tasks\n\nns = tasks()\n"
CONFIG = """\
[project]
name = "shop"

[services.web]
command = ["true"]

[services.api]
command = ["true"]

[steps.migrate]
run = "true"
"""


class Desk:
    """Where a user sits.

    Args:
        folder: a short one.
    """

    def __init__(self, folder: Path) -> None:
        self.root = folder / "shop"
        self.root.mkdir()
        (self.root / "tasks.py").write_text(TASKS)
        (self.root / "hybrid.toml").write_text(CONFIG)
        self.environ = {
            "HOME": str(folder),
            "PATH": os.environ["PATH"],
            "TERM": "xterm",
            "LANG": "C.UTF-8",
            "XDG_STATE_HOME": str(folder / "state"),
            "HYBRID_ALLOW_ROOT": "1",
        }

    def run(
        self, *words: str | bytes, env: Mapping[str, str] | None = None, timeout: float = 60, **options: Any
    ) -> subprocess.CompletedProcess[str]:
        """Run `inv` with its output in pipes."""
        options = {"cwd": self.root, "stdin": subprocess.DEVNULL, **options}
        if "stdout" not in options:
            options |= {"stdout": subprocess.PIPE}
        return subprocess.run(
            [str(INV), *words],
            env={**self.environ, **(env or {})},
            stderr=subprocess.PIPE,
            encoding="utf-8",
            errors="surrogateescape",
            timeout=timeout,
            **options,
        )

    @contextmanager
    def terminal(
        self, *words: str, env: Mapping[str, str] | None = None, size: tuple[int, int] = (30, 110)
    ) -> Iterator[Any]:
        """Run `inv` on a terminal of its own."""
        child = pexpect.spawn(
            str(INV),
            list(words),
            cwd=str(self.root),
            env={**self.environ, **(env or {})},
            dimensions=size,
            encoding="utf-8",
            timeout=60,
        )
        try:
            yield child
        finally:
            child.close(force=True)

    def supervised(self, answers: Mapping[str, Answer]) -> FakeSupervisor:
        """A fake supervisor of this project."""
        return FakeSupervisor(self.root, self.environ, answers)


@contextmanager
def at_a_desk() -> Iterator[Desk]:
    """A desk, and nothing left of it afterwards."""
    with short_folder() as folder:
        yield Desk(folder)


def ended(child: Any) -> int:
    """Wait for the end of a program on a terminal, and give its exit code."""
    child.expect(pexpect.EOF)
    child.close()
    return int(child.exitstatus if child.exitstatus is not None else -child.signalstatus)


def golden(name: str, text: str) -> None:
    """Compare with the file of that name; `HYBRID_GOLDEN=write` writes it."""
    file = GOLDEN / f"{name}.txt"
    text = re.sub(r"/tmp/ht[a-z0-9_]{6,10}", "/tmp/HERE", text)
    if os.environ.get("HYBRID_GOLDEN") == "write":
        file.write_text(text)
    assert text == file.read_text()
