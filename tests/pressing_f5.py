"""An editor that starts a debug session as VS Code does: from the two files of `dev-init --vscode` alone.

It follows `debugTaskRunner.ts` and `problemCollectors.ts` of VS Code's source: the task's matcher sees its lines one by
one; a line that begins or ends a round is not looked at for problems.
"""

from __future__ import annotations

import re
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from attaching import Asking, Debugged
from dap import Dap, attached, stopped_at
from waiting import until

from hybrid_tasks.editors.jsonc import read
from hybrid_tasks.testing.project import Project


def opened(project: Project, name: str) -> Any:
    """A file of `.vscode/`, with the editor's variable resolved."""
    node = read((project.root / ".vscode" / name).read_text())
    assert node is not None
    return _resolved(project.root, node.value)


def configuration(project: Project, service: str) -> dict[str, Any]:
    """How the editor attaches to a service."""
    [found] = [one for one in opened(project, "launch.json")["configurations"] if one["name"] == f"hybrid: {service}"]
    return dict(found)


class Background:
    """A task that runs in the background, and what the editor makes of its lines."""

    def __init__(self, process: subprocess.Popen[bytes], out: Path, matcher: dict[str, Any]) -> None:
        self.process = process
        self._out = out
        self._matcher = matcher
        self._watch = matcher["background"]

    @property
    def rounds(self) -> tuple[int, bool, list[str]]:
        """How many rounds have ended, whether one goes on, and the problems of the last."""
        ended, active, problems = 0, bool(self._watch["activeOnStart"]), list[str]()
        for line in self._out.read_text().split("\n")[:-1]:
            if re.search(self._watch["beginsPattern"], line) and not active:
                active, problems = True, []
            elif re.search(self._watch["endsPattern"], line) and active:
                ended, active = ended + 1, False
            elif found := re.search(self._matcher["pattern"]["regexp"], line):
                problems.append(found[self._matcher["pattern"]["message"]])
        return ended, active, problems

    def idle(self, rounds: int) -> list[str]:
        """Wait until so many rounds have ended, and give the problems of the last."""

        def ended() -> bool:
            if self.rounds[:2] == (rounds, False):
                return True
            assert self.process.poll() is None, self._out.read_text()
            return False

        until(ended, 120)
        return self.rounds[2]

    def ctrl_c(self) -> int:
        """Press Ctrl+C in its terminal, and give the exit code."""
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(60)


@contextmanager
def task(project: Project, service: str) -> Iterator[Background]:
    """Run the task of a service."""
    [told] = [one for one in opened(project, "tasks.json")["tasks"] if one["label"] == f"hybrid: {service}"]
    assert (told["type"], told["isBackground"]) == ("process", True)
    out = project.root.parent / f"task-{service}.txt"
    with out.open("wb") as file:
        process = subprocess.Popen(
            [told["command"], *told["args"]],
            cwd=told["options"]["cwd"],
            env=project.environ,
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
        )
    try:
        yield Background(process, out, told["problemMatcher"])
    finally:
        process.kill()
        process.wait()


def stopped_in(project: Project, service: str, debugged: Debugged, port: int, word: str) -> tuple[Dap, Asking]:
    """Attach with the service's configuration, and hit the breakpoint in the answer of this version."""
    told = configuration(project, service)
    file = project.root / service / debugged.language.main
    line = debugged.line(debugged.language.text(word), word)
    debugger = told.get("debugServer") or told.get("port") or told["connect"]["port"]
    client = attached(debugger, file, line, **told)
    asking = Asking(port)
    assert stopped_at(client) == (str(file), line)
    return client, asking


def _resolved(root: Path, value: Any) -> Any:
    if isinstance(value, str):
        return value.replace("${workspaceFolder}", str(root))
    if isinstance(value, dict):
        return {key: _resolved(root, item) for key, item in value.items()}
    return [_resolved(root, item) for item in value] if isinstance(value, list) else value
