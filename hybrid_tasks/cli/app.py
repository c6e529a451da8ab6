"""The collection a project's `tasks.py` gets: our tasks, the project's steps, the plugins' tasks."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Any

from invoke.collection import Collection
from invoke.program import Program

from hybrid_tasks.cli import plugin_tasks, positionals
from hybrid_tasks.cli.declare import DevTask
from hybrid_tasks.cli.steps import step_tasks
from hybrid_tasks.plugin.disabled import disabled_names

TASKS = (
    "dev_start",
    "dev_stop",
    "dev_restart",
    "dev_status",
    "dev_logs",
    "dev_debug",
    "dev_test",
    "dev_clean",
    "dev_wait",
    "dev_env",
    "dev_config",
    "dev_plugins",
    "dev_doctor",
    "dev_completion",
    "dev_init",
    "dev_step",
)
"""One module a task, which holds a task of the same name."""


def collection(beside: Mapping[str, Any] | None = None) -> Collection:
    """Build the collection, and let the running `inv` understand words without flags.

    Args:
        beside: the names of the `tasks.py` that asked; None takes those of the caller's caller.

    Returns:
        a new collection.
    """
    if beside is None:
        beside = sys._getframe(2).f_globals  # noqa: SLF001 - whose tasks.py this is
    whole = Collection()
    for task in ours():
        whole.add_task(task)
    for task in step_tasks(whole.tasks):
        whole.add_task(task)
    for name, tasks in plugin_tasks.collections(disabled_names(os.environ), _warn):
        if name in whole.tasks:
            _warn(f"tasks of plugin `{name}` are left out: there is a task of that name")
        else:
            whole.add_collection(tasks, name=name)
    main = sys.modules.get("invoke.main")
    if main is not None and isinstance(program := getattr(main, "program", None), Program):
        positionals.install(program, whole, beside)
    return whole


def ours() -> Iterator[DevTask]:
    """Our own tasks, in the order of `TASKS`."""
    for name in TASKS:
        yield getattr(import_module(f"hybrid_tasks.cli.{name}"), name)


def _warn(text: str) -> None:
    from hybrid_tasks.cli.paint import harmless

    if sys.stderr is not None:
        print("warning:", *harmless(text), file=sys.stderr)
