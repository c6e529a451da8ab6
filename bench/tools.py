"""Finding the tools that are compared: on PATH, in `HYBRID_BENCH_TOOLS`, or installed for this run."""

from __future__ import annotations

import atexit
import functools
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

FOLDER = "HYBRID_BENCH_TOOLS"
"""The variable that names a folder with more tools (`air`, `cargo-watch`, `watchexec`)."""
INSTALLED = {"watchfiles": "watchfiles", "honcho": "honcho", "uvicorn": "uvicorn"}
"""What is installed into a temporary venv when it is not on PATH: command -> package."""


def find(name: str) -> str | None:
    """Give the path of a tool; None: it is not here."""
    here = os.pathsep.join((str(Path(sys.executable).parent), os.environ.get(FOLDER, ""), os.environ["PATH"]))
    return shutil.which(name, path=here)


def find_or_install(name: str) -> str | None:
    """Give the path of a Python tool, installed for this run when it is not here; None: that failed."""
    if (found := find(name)) is not None or name not in INSTALLED:
        return found
    script = _venv() / "bin" / name
    if not script.exists():
        pip = [str(_venv() / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        done = subprocess.run([*pip, INSTALLED[name]], capture_output=True, timeout=180, check=False)
        if done.returncode != 0:
            return None
    return str(script)


@functools.cache
def _venv() -> Path:
    """A venv that lives as long as this run."""
    folder = Path(tempfile.mkdtemp(prefix="hybrid-bench-tools-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True, timeout=120)
    return folder
