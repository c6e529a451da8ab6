"""How a front is run: found beside our own interpreter or on PATH, and kept away from the user's settings of it."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from hybrid_tasks.model.command import Command
from hybrid_tasks.model.info import GatewayInfo, Tool

FOLDER = "{folder}"
"""Stands for the front's folder in the words of its program."""


def missing(info: GatewayInfo, path: str | None) -> Tool | None:
    """Give the program that a front needs and this machine lacks.

    Args:
        info: the gateway.
        path: the client's PATH.
    """
    return next((tool for tool in info.tools if found(tool.executable, path) is None), None)


def found(executable: str, path: str | None) -> str | None:
    """Find a program: what was installed with us comes before what is on PATH."""
    beside = str(Path(sys.executable).parent)
    return shutil.which(executable, path=os.pathsep.join(filter(None, (beside, path))))


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
