"""The example of a third-party plugin keeps its own tests and the rules it shows."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

EXAMPLE = Path(__file__).parents[2] / "examples" / "hybrid-stack-node"


def run(*words: str) -> None:
    environ = {**os.environ, "PYTHONPATH": str(EXAMPLE), "MYPYPATH": str(EXAMPLE)}
    done = subprocess.run([sys.executable, "-m", *words], cwd=EXAMPLE, env=environ, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_its_hooks_answer_as_its_tests_say() -> None:
    run("pytest", "-q", "-p", "no:cacheprovider", "tests/test_plan.py")


def test_it_comes_in_by_the_door_only() -> None:
    for file in (EXAMPLE / "hybrid_stack_node").glob("*.py"):
        imports = [line for line in file.read_text().splitlines() if "hybrid_tasks" in line and "import" in line]
        assert all(line.startswith("from hybrid_tasks.api import") for line in imports)
