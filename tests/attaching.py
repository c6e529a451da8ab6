"""`inv dev-debug SERVICE --debugger` as a background task of an editor, and the debug client that attaches."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPException
from pathlib import Path
from typing import Any

import pytest
from dap import Dap, attached, stopped_at
from languages import LANGUAGES, Language, table, written
from waiting import until

from hybrid_tasks.testing.project import Project, get

READY = re.compile(r"^\[hybrid\] (\S+) is ready for the debugger on 127\.0\.0\.1:(\d+)$", re.MULTILINE)


@dataclass(frozen=True)
class Debugged:
    """A language with one of its debuggers, what a client says when it attaches, and a mistake at compile time."""

    language: Language
    adapter: str
    options: str = ""
    attach: Mapping[str, Any] = field(default_factory=dict)

    def line(self, text: str, word: str) -> int:
        """The line at which a request of this version stops."""
        return max(number for number, line in enumerate(text.splitlines(), 1) if f'"{word}"' in line)


OWN = f'[services.web.python]\npython = "{sys.executable}"\n'
GO = Debugged(LANGUAGES["go"], "dlv", attach={"mode": "remote"})
PYTHON = Debugged(LANGUAGES["python"], "debugpy", OWN, {"justMyCode": True})
RUST = Debugged(LANGUAGES["rust"], "lldb-")
GDB = Debugged(LANGUAGES["rust"], "gdbserver", '[services.web.rust]\ndebugger = "gdbserver"\n')

EVERY = [
    pytest.param(GO, id="go", marks=[pytest.mark.needs("go"), pytest.mark.needs("dlv")]),
    pytest.param(PYTHON, id="python", marks=pytest.mark.needs("debugpy")),
    pytest.param(RUST, id="rust", marks=[pytest.mark.needs("rust"), pytest.mark.needs("lldb")]),
]
WITH_GDB = [
    *EVERY,
    pytest.param(GDB, id="gdbserver", marks=[pytest.mark.needs("rust"), pytest.mark.needs("gdbserver")]),
]


def laid(project: Project, debugged: Debugged, port: int, more: str = "") -> Path:
    """Write a service whose debugger has a port that no other test has, and give its main file."""
    named = f'[project]\nname = "debugged-{port}"\n'
    project.write("hybrid.toml", named + table(debugged.language, port) + debugged.options + more)
    written(project, debugged.language, "zero")
    return project.root / "web" / debugged.language.main


class Task:
    """The running task.

    Args:
        process: of it.
        out: where it writes.
    """

    def __init__(self, process: subprocess.Popen[bytes], out: Path) -> None:
        self.process = process
        self._out = out

    @property
    def text(self) -> str:
        """Everything it has said."""
        return self._out.read_text()

    def ready(self, times: int = 1) -> int:
        """Wait until it has said so often that the debugger is ready, and give its port."""

        def said() -> list[tuple[str, str]]:
            found = READY.findall(self.text)
            assert len(found) >= times or self.process.poll() is None, self.text
            return found if len(found) >= times else []

        return int(until(said, 120)[-1][1])

    def says(self, words: str) -> None:
        """Wait until it has said this."""
        until(lambda: words in self.text, 60)

    def ctrl_c(self) -> int:
        """Press Ctrl+C, and give the exit code."""
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(60)


@contextmanager
def debugging(project: Project, *words: str) -> Iterator[Task]:
    """Run `inv dev-debug`."""
    out = project.root.parent / f"task-{words[0]}.txt"
    with out.open("wb") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", "invoke", "dev-debug", *words],
            cwd=project.root,
            env=project.environ,
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
        )
    try:
        yield Task(process, out)
    finally:
        process.kill()
        process.wait()


class Asking:
    """A request to the service that may stand at a breakpoint."""

    def __init__(self, port: int) -> None:
        self._answers: list[str] = []
        self._thread = threading.Thread(target=self._ask, args=(port,))
        self._thread.start()

    def answer(self) -> str:
        """Wait for it; why there is none, when it was ended."""
        self._thread.join()
        return self._answers[0]

    def _ask(self, port: int) -> None:
        try:
            self._answers.append(get(port, timeout=100))
        except (OSError, HTTPException) as error:
            self._answers.append(f"{type(error).__name__}: {error}")


def hit(debugged: Debugged, debugger: int, port: int, file: Path, word: str = "zero") -> tuple[Dap, Asking]:
    """Attach, hit the breakpoint in the answer of this version, and give the client of the paused program."""
    line = debugged.line(debugged.language.text(word), word)
    client = attached(debugger, file, line, **debugged.attach)
    asking = Asking(port)
    assert stopped_at(client) == (str(file), line)
    return client, asking


def let_go(client: Dap, asking: Asking) -> str:
    """Take the breakpoint away, let the program run on, detach, and give the answer it held back."""
    client.ask("setBreakpoints", source={"path": client.file}, breakpoints=[])
    client.ask("continue", threadId=client.thread)
    answer = asking.answer()
    client.ask("disconnect", terminateDebuggee=False)
    client.close()
    return answer
