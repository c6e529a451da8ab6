"""A machine without a program that this one has."""

from __future__ import annotations

import os
from pathlib import Path

from hybrid_tasks.testing.project import Project


def lacking(project: Project, program: str) -> None:
    """Take one program off the PATH of a project's commands, and no other that lies beside it."""
    folders: list[str] = []
    for number, folder in enumerate(project.environ["PATH"].split(os.pathsep)):
        if os.path.lexists(Path(folder) / program):
            copy = project.root.parent / f"without-{program}" / str(number)
            copy.mkdir(parents=True)
            for entry in os.scandir(folder):
                if entry.name != program:
                    (copy / entry.name).symlink_to(entry.path)
            folders.append(str(copy))
        else:
            folders.append(folder)
    project.environ["PATH"] = os.pathsep.join(folders)
