"""The mode's set: what `inv dev-start` starts when no service is named."""

from __future__ import annotations

from hybrid_tasks.config.installed import NATIVE
from hybrid_tasks.model.project import Project


def mode_set(project: Project) -> tuple[str, ...]:
    """Give the services that belong to the project's mode.

    Args:
        project: with its mode chosen.

    Returns:
        their names in the order of the file: all, or those the mode runs natively and those another runtime runs.
    """
    mode = project.modes.get(project.mode or "")
    if mode is None or mode.native is None:
        return tuple(project.services)
    return tuple(name for name, service in project.services.items() if name in mode.native or service.runtime != NATIVE)
