"""Clients in a process of their own, at 200 requests a second."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

LOAD = Path(__file__).with_name("steered_load.py")


@contextmanager
def load(port: int, *kind: str) -> Iterator[dict[str, Any]]:
    """Clients in a process of their own; what they counted is in the dictionary at the end."""
    counted: dict[str, Any] = {}
    process = subprocess.Popen(
        [sys.executable, str(LOAD), str(port), "200", *kind], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdout
    with process:
        try:
            assert process.stdout.readline() == b"answered\n"
            yield counted
        finally:
            out, _ = process.communicate(timeout=60)
    counted.update(json.loads(out))
