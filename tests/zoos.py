"""The zoo as services of a project."""

from __future__ import annotations

import json
import sys
from pathlib import Path

ZOO = Path(__file__).with_name("zoo.py")


def shape(name: str, grace: float = 3.0) -> str:
    """The lines of a service's table that run a shape of the zoo; healthy when all of it is there."""
    words = [sys.executable, "-I", "-S", str(ZOO), name]
    return f'command = {json.dumps(words)}\nhealth = {{log = "^ready$"}}\nstop = {{grace = {grace}}}'
