"""A user at a terminal of the whole product: keys pressed, the window closed."""

from __future__ import annotations

import re
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pexpect

from hybrid_tasks.testing.project import Project


@contextmanager
def terminal(project: Project, *words: str) -> Iterator[Any]:
    """Run a task on a terminal of its own, which shows what is happening (in CI it would not)."""
    env = {name: value for name, value in project.environ.items() if name != "CI"}
    child = pexpect.spawn(
        sys.executable,
        ["-m", "invoke", *words],
        cwd=str(project.root),
        env={**env, "TERM": "xterm"},
        dimensions=(30, 110),
        encoding="utf-8",
        timeout=60,
    )
    try:
        yield child
    finally:
        child.close(force=True)


def press_ctrl_c(child: Any, times: int) -> None:
    """Press it some times, as fast as a hand does."""
    for _ in range(times):
        child.sendintr()
        threading.Event().wait(0.05)


def ended(child: Any) -> int:
    """Wait for the end, and give the exit code."""
    child.expect(pexpect.EOF)
    child.close()
    return int(child.exitstatus if child.exitstatus is not None else -child.signalstatus)


def hang_up(child: Any) -> None:
    """Close the window: the terminal is gone, and whoever had it gets HUP."""
    child.ptyproc.fileobj.close()


def screen(text: str) -> list[str]:
    """What a terminal shows after this output, without colours and blank lines."""
    rows, row, column = [""], 0, 0
    for token in re.findall(r"\x1b\[[0-9;]*[A-Za-z]|[\r\n]|[^\x1b\r\n]+", text):
        line = rows[row]
        if token == "\n":
            row += 1
            rows += [""] * (row == len(rows))
        elif token == "\r":
            column = 0
        elif token.startswith("\x1b"):
            if token.endswith("A"):
                row = max(row - int(token[2:-1]), 0)
            elif token.endswith("J"):
                rows[row:] = [line[:column]]
            elif token.endswith("K"):
                rows[row] = line[:column]
        else:
            rows[row] = line[:column].ljust(column) + token + line[column + len(token) :]
            column += len(token)
    return [line.rstrip() for line in rows if line.strip()]
