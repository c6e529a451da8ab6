"""One task for each one-shot step of the project: `[steps.migrate]` is `inv dev-migrate`."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator
from pathlib import Path

from hybrid_tasks.cli.declare import DevTask
from hybrid_tasks.cli.here import table_names
from hybrid_tasks.config.locate import find_project
from hybrid_tasks.errors import HybridError


def step_tasks(taken: Container[str]) -> Iterator[DevTask]:
    """Make the tasks; a step that is named like a task of ours is only reached by `inv dev-step`.

    Args:
        taken: names of tasks there are already.

    Yields:
        a task a step.
    """
    try:
        root = find_project(Path())
    except HybridError:
        return  # a deleted directory; whatever runs next says so
    for name in table_names(root, "steps") if root is not None else ():
        task = f"dev-{name}"
        if task not in taken:
            yield DevTask(_body(name), name=task)


def _body(name: str) -> Callable[[object], int]:
    def run(_context: object) -> int:
        from hybrid_tasks.cli.dev_step import run_step

        return run_step(name)

    run.__doc__ = f"Run the project's step `{name}`.\n\nExample: inv dev-{name}"
    return run
