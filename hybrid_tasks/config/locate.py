"""Where the project is: found by its files alone, with nothing heavy imported (the thin client calls this)."""

from __future__ import annotations

import os
import re
from pathlib import Path

from hybrid_tasks.errors import WrongInput

CONFIG = "hybrid.toml"
PYPROJECT = "pyproject.toml"
COMPOSE = ("compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml")
OVERRIDES = (
    "compose.override.yaml",
    "compose.override.yml",
    "docker-compose.override.yml",
    "docker-compose.override.yaml",
)

_LIMIT = 1 << 20
_HEADER = re.compile(rb"^[ \t]*\[{1,2}[ \t]*tool[ \t]*\.[ \t]*[\"']?hybrid[\"']?[ \t]*[\].]", re.MULTILINE)


def find_project(start: Path) -> Path | None:
    """Find the project a directory belongs to.

    The nearest directory upwards with a configuration wins over a nearer one that only has a compose file.

    Args:
        start: a directory (or a file) inside the project; links are followed first.

    Returns:
        the project's real root, or None when no directory upwards is a project.

    Raises:
        WrongInput: the current directory was deleted.
    """
    try:
        first = os.path.realpath(start)
    except FileNotFoundError:
        raise WrongInput(
            "the current directory does not exist any more", "change to a directory of the project"
        ) from None
    nearest_compose: Path | None = None
    for directory in (Path(first), *Path(first).parents):
        if find_config(directory) is not None:
            return directory
        if nearest_compose is None and compose_files(directory):
            nearest_compose = directory
    return nearest_compose


def find_config(root: Path) -> Path | None:
    """Give the configuration file of a directory.

    Args:
        root: the directory.

    Returns:
        `hybrid.toml`, else a `pyproject.toml` with `[tool.hybrid]`, else None. Both together are a mistake
        that `resolve.load` reports.
    """
    found = config_files(root)
    return found[0] if found else None


def config_files(root: Path) -> list[Path]:
    """Give every configuration file of a directory; more than one is a mistake.

    Args:
        root: the directory.

    Returns:
        none, one or two paths, `hybrid.toml` first. A `hybrid.toml` that is a directory or a dangling link counts.
    """
    files = [root / CONFIG] if os.path.lexists(root / CONFIG) else []
    if _has_table(root / PYPROJECT):
        files.append(root / PYPROJECT)
    return files


def compose_files(root: Path) -> list[Path]:
    """Give the compose files that `docker compose` takes by itself in a directory.

    Args:
        root: the directory.

    Returns:
        the main file and its override, as far as they are there.
    """
    main = [root / name for name in COMPOSE if (root / name).is_file()][:1]
    return main + [root / name for name in OVERRIDES if main and (root / name).is_file()][:1]


def _has_table(pyproject: Path) -> bool:
    """Whether a pyproject.toml has a `[tool.hybrid]`; a broken one is judged by its headers."""
    try:
        if not pyproject.is_file():
            return False
        with pyproject.open("rb") as file:
            content = file.read(_LIMIT)
    except OSError:
        return False
    if b"hybrid" not in content:
        return False
    if _HEADER.search(content):
        return True
    import tomllib

    try:
        tool = tomllib.loads(content.decode("utf-8-sig")).get("tool")
    except (ValueError, RecursionError):
        return False
    return isinstance(tool, dict) and "hybrid" in tool
