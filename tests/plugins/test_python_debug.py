"""What debugpy is given to start."""

from __future__ import annotations

import subprocess
import sys
import venv
from pathlib import Path

import hybrid_stack_python as stack
import pytest

from hybrid_tasks.api import DebugPlan, Place, Service
from hybrid_tasks.testing.project import free_port


def plan(directory: Path, *command: str, port: int = 4000) -> DebugPlan:
    service = Service("web", directory, stack="python", command=command)
    return stack.stack_debug(service, Place(directory / "artefacts", debug_port=port))


@pytest.mark.needs("debugpy")
def test_bug_the_output_of_a_debugged_command_was_held_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PYTHONUNBUFFERED", raising=False)
    (tmp_path / "main.py").write_text('import os\nprint("here I am")\nos._exit(0)  # what is held back is lost\n')
    command = plan(tmp_path, sys.executable, "main.py", port=free_port()).command
    variables = {**Service("web", tmp_path).variables(), **command.env}
    done = subprocess.run(
        command.argv, cwd=tmp_path, env=variables, capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout == "here I am\n"


def test_bug_a_debugged_command_did_not_know_its_virtual_environment(tmp_path: Path) -> None:
    venv.create(tmp_path / ".venv", with_pip=False)
    told = plan(tmp_path, str(tmp_path / ".venv" / "bin" / "python"), "main.py").command.env
    assert told == {
        "VIRTUAL_ENV": str(tmp_path / ".venv"), "PYTHONUNBUFFERED": "1", "PYDEVD_DISABLE_FILE_VALIDATION": "1",
    }  # fmt: skip
