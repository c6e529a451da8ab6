"""`dev-debug --debugger`: a service is under its debugger for as long as this task runs.

The lines that begin with `[hybrid]` are for programs as well, as `editors/ready_lines.py` has them.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hybrid_tasks.cli.interrupts import Presses
from hybrid_tasks.cli.paint import Paint, harmless, harmless_in
from hybrid_tasks.cli.progress import Progress
from hybrid_tasks.cli.summary import failure
from hybrid_tasks.control.client import connect
from hybrid_tasks.control.messages import ask
from hybrid_tasks.editors.ready_lines import AGAIN, COMING, FAILED, GONE, MARK, OVER, READY
from hybrid_tasks.editors.vscode import name_of
from hybrid_tasks.journal.gist import gist
from hybrid_tasks.model.events import Event


def debug(root: Path, service: str, *, wait: bool) -> int:
    """Swap a service under its debugger until Ctrl+C, or until somebody else restarts or stops it.

    Args:
        root: the project's directory.
        service: its name.
        wait: hold the program at its start until somebody attaches.

    Returns:
        the exit code: 130 after Ctrl+C, 1 when it did not come up.
    """
    session = Session(root, service)
    with Presses() as presses, connect(root, start=True) as connection:
        request = ask("debug", {"service": service, "wait": wait}, os.environ)
        told, code = connection.ask(request, on_event=session.hear, on_tick=lambda: presses.pass_on(connection))
        session.over(told if isinstance(told, dict) else {})
        return code


class Session:
    """Says what happens to a service that is debugged.

    Args:
        root: the project's directory.
        service: its name.
    """

    def __init__(self, root: Path, service: str) -> None:
        self._root = root
        self._service = service
        self._progress = Progress(sys.stdout, live=False, paint=Paint.of(sys.stdout), summed=False)
        self._debugger: Mapping[str, Any] = {}
        self._coming = False
        self._known = False

    def hear(self, event: Event) -> None:
        """Take one event of the supervisor."""
        if event.service != self._service:
            self._progress.hear(event)
        elif event.kind == "debugger":
            self._debugger = harmless_in(event.data)
            if self._debugger:
                self._come()
        elif not self._debugger:
            self._progress.hear(event)  # on its way back
        elif event.kind == "stage":
            self._come()
        elif event.kind == "receipt":
            self._ended(harmless_in(event.data))

    def over(self, result: Mapping[str, Any]) -> None:
        """Say how it was left."""
        services = [one for one in result.get("services") or () if isinstance(one, dict)]
        running = any(one.get("state") == "running" and not one.get("debugger") for one in services)
        if running or not any(one.get("swap") for one in services):  # else it is on its way, and we were told so
            self._say(OVER if running else GONE)

    def _come(self) -> None:
        if not self._coming:
            self._coming = True
            self._say(COMING)

    def _ended(self, receipt: Mapping[str, Any]) -> None:
        if receipt.get("result") == "failed":
            self._coming = False
            self._say(f"{FAILED} {gist(str(receipt.get('error') or ''), str(self._root))}")
            print("\n".join(failure(receipt, self._service)), flush=True)
            if self._known:  # else this is the end
                self._say(AGAIN)
        elif receipt.get("debugged") and (self._coming or receipt.get("result") == "live"):
            self._coming = False  # also when the save was undone; a swap that follows says that it is coming
            self._say(f"{READY} {self._debugger.get('address')}")
            self._explain()

    def _explain(self) -> None:
        """Say once how to attach."""
        if self._known:
            return
        self._known = True
        print(f"    attach:  {self._debugger.get('note')}")
        print(f"    VS Code: `{name_of(self._service)}`, which `inv dev-init --vscode` writes")
        print("    Ctrl+C ends the debugger", flush=True)

    def _say(self, words: str) -> None:
        print(f"{MARK} {' '.join(harmless(f'{self._service} {words}'))}", flush=True)
