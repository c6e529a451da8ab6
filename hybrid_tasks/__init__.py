"""hybrid-tasks: Invoke tasks that run your services from source and reload them without ever taking them down.

Importing this package loads no plugin, reads no `.env` and starts nothing.
Read `api.py` to write a plugin, `cli/app.py` to follow a command, `supervisor/unit.py` for the heart.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from invoke import Collection


def tasks() -> Collection:
    """Give the Invoke collection with every task; a project's `tasks.py` assigns it to `ns`.

    Returns:
        the collection: `dev-start`, `dev-stop` and the rest, the project's steps and the plugins' own tasks.
    """
    from hybrid_tasks.cli.app import collection

    return collection()
