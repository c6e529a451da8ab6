"""What a save means to a Python service: which files count, what they ask for, what is left to clean."""

from __future__ import annotations

import fnmatch
import os
from collections.abc import Iterator
from pathlib import Path

from hybrid_tasks.api import Burst, CleanPlan, ReloadAction, ReloadPlan, Service, Watch

DEPENDENCIES = (
    "requirements*.txt", "requirements*.in", "constraints*.txt", "pyproject.toml", "uv.lock", "poetry.lock",
    "pdm.lock", "Pipfile", "Pipfile.lock", "pylock*.toml", "setup.py", "setup.cfg", ".python-version",
)  # fmt: skip
"""Files that say what is installed, not what the program does."""

COUNTED = (
    "*.py", "*.html", "*.jinja", "*.jinja2", "*.j2", "*.mako", "*.toml", "*.ini", "*.cfg", "*.yaml", "*.yml",
    *DEPENDENCIES,
)  # fmt: skip
IGNORED = ("__pycache__/", "*.egg-info/", "test_*.py", "*_test.py", "conftest.py", "/tests/")
CACHES = frozenset({"__pycache__", ".pytest_cache", ".mypy_cache", ".ruff_cache"})


def watch(service: Service) -> Watch:
    """Watch source, templates and settings, but not its tests, nor the data a service writes beside them."""
    return Watch((service.directory,), include=COUNTED, ignore=IGNORED)


def reload(burst: Burst) -> ReloadPlan:
    """Ask for a new process; after a change of dependencies for everything anew, never a warm one."""
    stale = tuple(cached for file in burst.files if file.suffix == ".py" for cached in _bytecode(file))
    for file in burst.files:
        if any(fnmatch.fnmatchcase(file.name, pattern) for pattern in DEPENDENCIES):
            return ReloadPlan(ReloadAction.REBUILD, f"{file.name} changed", stale)
    return ReloadPlan(ReloadAction.RESTART, stale=stale)


def _bytecode(file: Path) -> Iterator[Path]:
    # CPython compares a cache with its source by whole seconds and size: after a quick second save of equal size
    # the cache of the first would run. (launch.py sees to it for instances; this is for commands of the user's own.)
    return (file.parent / "__pycache__").glob(f"{file.stem}.*.pyc")


def clean(service: Service) -> CleanPlan:
    """List the caches below the service's directory, its virtual environments left alone."""
    return CleanPlan(paths=tuple(_caches(service.directory)))


def _caches(directory: Path) -> Iterator[Path]:
    for folder, below, _ in os.walk(directory):
        here = Path(folder)
        yield from sorted(here / name for name in below if name in CACHES)
        below[:] = sorted(
            name
            for name in below
            if name not in CACHES | {".git", "node_modules"} and not (here / name / "pyvenv.cfg").exists()
        )
