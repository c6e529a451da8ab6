"""hybrid-tasks: Invoke tasks that run your services from source and reload them without ever taking them down.

Importing this package loads no plugin, reads no `.env` and starts nothing.
Read `api.py` to write a plugin, `cli/app.py` to follow a command, `supervisor/unit.py` for the heart.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from invoke.collection import Collection


def tasks() -> Collection:
    """Give the Invoke collection with every task; a project's `tasks.py` assigns it to `ns`.

    Returns:
        the collection: `dev-start`, `dev-stop` and the rest, the project's steps and the plugins' own tasks.
    """
    with compiled():
        from hybrid_tasks.cli.app import collection

        return collection()


@contextlib.contextmanager
def compiled() -> Iterator[None]:
    """Let our own modules be compiled once and for all; Invoke forbids it, which costs every command 20 ms."""
    forbidden = sys.dont_write_bytecode
    sys.dont_write_bytecode = bool(sys.flags.dont_write_bytecode)  # what the user said still holds
    try:
        yield
    finally:
        sys.dont_write_bytecode = forbidden
