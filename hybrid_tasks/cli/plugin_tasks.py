"""Tasks of plugins: every module of the entry-point group `hybrid_tasks.tasks`, under its plugin's name.

Found by reading `entry_points.txt` files, which costs a tenth of asking importlib.metadata for all of them. The
group `hybrid_tasks` (the plugins themselves) is never loaded here.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from importlib import import_module
from types import ModuleType

from invoke.collection import Collection
from invoke.tasks import Task

from hybrid_tasks.plugin.disabled import plain

GROUP = "hybrid_tasks.tasks"
_HEADER = f"[{GROUP}]".encode()


Guest = tuple[str, str, str]
"""The plugin's name, the module that holds its tasks, the distribution (no dataclass: `inv --list` pays for it)."""


def find(path: list[str]) -> Iterator[Guest]:
    """Look for the group in every installed distribution.

    Args:
        path: the directories modules are found in.

    Yields:
        its entry points; of two with one name the first on the path.
    """
    seen = set()
    for directory in dict.fromkeys(path):
        for folder in _metadata(directory or "."):
            for guest in _read(folder):
                if guest[0] not in seen:
                    seen.add(guest[0])
                    yield guest


def _metadata(directory: str) -> list[str]:
    try:
        with os.scandir(directory) as entries:
            return sorted(entry.path for entry in entries if entry.name.endswith((".dist-info", ".egg-info")))
    except OSError:
        return []


def _read(folder: str) -> Iterator[Guest]:
    try:
        descriptor = os.open(os.path.join(folder, "entry_points.txt"), os.O_RDONLY | os.O_CLOEXEC)  # noqa: PTH118
    except OSError:
        return
    try:
        content = os.read(descriptor, 1 << 20)
    finally:
        os.close(descriptor)
    if _HEADER not in content:
        return
    inside = False
    for line in content.decode("utf-8", "replace").splitlines():
        entry = line.strip()
        if entry.startswith("["):
            inside = entry == f"[{GROUP}]"
        elif inside and "=" in entry and not entry.startswith(("#", ";")):
            name, _, value = entry.partition("=")
            module = value.partition("[")[0].partition(":")[0].strip()
            yield name.strip(), module, os.path.basename(folder).rpartition(".")[0]  # noqa: PTH119


def collections(
    disabled: frozenset[str], warn: Callable[[str], None], path: list[str] | None = None
) -> Iterator[tuple[str, Collection]]:
    """Load the tasks of every plugin, one plugin and one task at a time.

    Args:
        disabled: plugins and distributions that shall not be loaded, their names in the plain form.
        warn: told about every plugin or task that is broken.
        path: the directories modules are found in.

    Yields:
        the plugin's name and a collection of its sound tasks.
    """
    for name, place, distribution in find(sys.path if path is None else path):
        if {plain(name), plain(distribution.partition("-")[0])} & disabled:
            continue
        plugin = f"plugin `{name}` ({distribution})"
        try:
            module = import_module(place)
        except (Exception, SystemExit) as error:  # noqa: BLE001 - a stranger's code
            warn(f"the tasks of {plugin} do not load: {type(error).__name__}: {error}")
            continue
        collection = Collection(name)
        for task in _sound(module, plugin, warn):
            collection.add_task(task)
        if collection.tasks:
            yield name, collection


def _sound(module: ModuleType, plugin: str, warn: Callable[[str], None]) -> Iterator[Task]:  # type: ignore[type-arg]
    """The tasks of a module that Invoke can parse; one that it cannot would end every `inv` call."""
    for task in [value for value in vars(module).values() if isinstance(value, Task)]:
        texts = dict(task.help)
        try:
            task.get_arguments()
        except Exception as error:  # noqa: BLE001 - a stranger's code
            warn(f"task `{task.name}` of {plugin} is left out: {error}")
            continue
        finally:
            task.help = texts  # asking takes the texts out
        yield task
