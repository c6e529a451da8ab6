"""How a front is run: found beside our own interpreter or on PATH, and kept away from the user's settings of it."""

from __future__ import annotations

import os
import shutil
import sys
import time
from functools import lru_cache
from pathlib import Path

from hybrid_tasks.model.command import Command
from hybrid_tasks.model.info import GatewayInfo, Tool

AGAIN = 2.0
"""Seconds after which a program that was not there is looked for again."""
FOLDER = "{folder}"
"""Stands for the front's folder in the words of its program."""


def missing(info: GatewayInfo, path: str | None) -> Tool | None:
    """Give the program that a front needs and this machine lacks.

    Args:
        info: the gateway.
        path: the client's PATH.
    """
    return _missing(info.tools, _places(path), int(time.monotonic() / AGAIN))


@lru_cache(maxsize=8)
def _missing(tools: tuple[Tool, ...], places: str, _moment: int) -> Tool | None:
    """Look once for all the services of a start: a program that is not there is looked for in every directory."""
    return next((tool for tool in tools if shutil.which(tool.executable, path=places) is None), None)


def found(executable: str, path: str | None) -> str | None:
    """Find a program: what was installed with us comes before what is on PATH."""
    return shutil.which(executable, path=_places(path))


def _places(path: str | None) -> str:
    return os.pathsep.join(filter(None, (str(Path(sys.executable).parent), path)))


def command(info: GatewayInfo, folder: Path, path: str | None) -> Command:
    """Give the command that runs a front.

    Args:
        info: the gateway, one that has a `front`.
        folder: where its files are; its home and its working directory.
        path: the client's PATH.
    """
    program, *words = (word.replace(FOLDER, str(folder)) for word in info.front or ())
    home = {name: str(folder) for name in ("HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME")}
    return Command((found(program, path) or program, *words), folder, home)
