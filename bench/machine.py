"""The line that says on what a table was measured."""

from __future__ import annotations

import os
import platform
import subprocess
from importlib.metadata import version
from pathlib import Path

from bench import tools


def line() -> str:
    """Give machine, load and versions in one line."""
    parts = [
        _processor(),
        f"{os.cpu_count()} cores",
        f"{_memory()} GiB",
        f"load {os.getloadavg()[0]:.1f} at the start",
        f"{platform.system()} {platform.release().split('-')[0]}",
        f"Python {platform.python_version()}",
        *(f"{name} {version(name)}" for name in ("hybrid-tasks", "invoke", "uvicorn")),
        *(_told(words) for words in (("go", "version"), ("cargo", "--version"))),
    ]
    return "Measured on: " + " · ".join(part for part in parts if part)


def _processor() -> str:
    for row in Path("/proc/cpuinfo").read_text("utf-8", "replace").splitlines():
        if row.startswith("model name"):
            return row.partition(":")[2].strip()
    return platform.machine()


def _memory() -> int:
    return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30)


def _told(words: tuple[str, ...]) -> str:
    program = tools.find(words[0])
    if program is None:
        return ""
    done = subprocess.run([program, *words[1:]], capture_output=True, text=True, check=False)
    words_of_it = done.stdout.split()
    return " ".join(words_of_it[2:3] if words[0] == "go" else words_of_it[:2])
