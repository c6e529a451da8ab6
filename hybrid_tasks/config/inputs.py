"""The files a configuration comes from: when one of them changes, is made or goes away, it has to be read again."""

from __future__ import annotations

from pathlib import Path

from hybrid_tasks.config.locate import CONFIG, PYPROJECT
from hybrid_tasks.config.surroundings import ENV, LOCAL
from hybrid_tasks.model.project import Project


def inputs(project: Project) -> tuple[Path, ...]:
    """Give the files that decide what a project is, those that could be made too.

    Args:
        project: as it was loaded.

    Returns:
        every path once, whether the file is there or not.
    """
    files = [project.root / CONFIG, project.root / PYPROJECT, project.root / ENV, project.root / LOCAL]
    files += [*project.env, *(file for mode in project.modes.values() for file in mode.env)]
    files += [file for service in project.services.values() for file in service.env_file]
    return tuple(dict.fromkeys(files))
