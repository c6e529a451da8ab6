"""A `go build` that stands still while a file is there, so that a save comes in the midst of a swap."""

from __future__ import annotations

import shutil
from pathlib import Path

from seat import services
from shop import receipts
from waiting import until

from hybrid_tasks.testing.project import Project


class Held:
    """Holds the builds of a project, from the next one on.

    Args:
        project: of which nothing runs yet.
    """

    def __init__(self, project: Project) -> None:
        self._project = project
        self._mark = project.root.parent / "held"
        go = shutil.which("go", path=project.environ["PATH"])
        wait = f'if [ "$1" = build ]; then while [ -e {self._mark} ]; do sleep 0.05; done; fi'
        folder = project.root.parent / "bin"
        folder.mkdir()
        file = folder / "go"
        file.write_text(f'#!/bin/sh\n{wait}\nexec {go} "$@"\n')
        file.chmod(0o755)
        project.environ["PATH"] = f"{folder}:{project.environ['PATH']}"

    def hold(self) -> None:
        """Let no build go on."""
        self._mark.touch()

    def let_go(self) -> None:
        """Let them go on."""
        self._mark.unlink()

    def builds(self) -> None:
        """Wait until one of `web` stands still."""
        until(lambda: (services(self._project)["web"]["swap"] or {}).get("stage") == "build", 60)

    def save(self, file: Path, text: str, cancelled: int) -> None:
        """Save, and wait until so many swaps of the project were cancelled."""
        file.write_text(text)
        until(lambda: sum(one["result"] == "cancelled" for one in receipts(self._project)) == cancelled, 60)
