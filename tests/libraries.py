"""A virtual environment for a service in a test: what serves applications is there, and what a test writes into it."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

SERVER = ("uvicorn", "click", "h11", "starlette", "anyio", "idna", "typing_extensions")


def venv(directory: Path) -> Path:
    """Make `.venv` in a service's directory.

    Args:
        directory: of the service.

    Returns:
        where its libraries are.
    """
    made = directory / ".venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", "--symlinks", str(made)], check=True)
    [site] = made.glob("lib/python3*/site-packages")
    for name in SERVER:
        found = importlib.util.find_spec(name)
        assert found is not None
        origin = Path(found.origin or "")
        there = origin.parent if origin.name == "__init__.py" else origin
        (site / there.name).symlink_to(there)
    return site
