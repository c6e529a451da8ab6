"""The shim is an island: small, standard library only, and started without anything else."""

from __future__ import annotations

import ast
import socket
import subprocess
import sys
from pathlib import Path

import pytest

import hybrid_tasks.shim

ROOM = Path(hybrid_tasks.shim.__file__).parent


@pytest.mark.parametrize("module", sorted(ROOM.glob("*.py")), ids=lambda path: path.stem)
def test_nothing_but_the_standard_library_is_imported(module: Path) -> None:
    for node in ast.walk(ast.parse(module.read_text())):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            names = [node.module or ""]
        for name in names:
            assert name.partition(".")[0] in sys.stdlib_module_names, name


def test_the_template_ends_with_its_supervisor() -> None:
    ours, theirs = socket.socketpair()
    with theirs:
        process = subprocess.Popen(
            [sys.executable, "-I", "-S", "-B", str(ROOM), str(theirs.fileno())], pass_fds=[theirs.fileno()], env={}
        )
    ours.close()
    assert process.wait(30) == 0


def test_a_shim_loads_no_module_that_is_large() -> None:
    code = (
        "import sys, types; package = types.ModuleType('shim'); package.__path__ = [sys.argv[1]];"
        "sys.modules['shim'] = package; import shim.template; print(*sys.modules)"
    )
    loaded = subprocess.run(
        [sys.executable, "-I", "-S", "-B", "-c", code, str(ROOM)], capture_output=True, text=True, check=True
    ).stdout.split()
    # Each of these costs every forked shim memory, see the room's sign.
    assert not {"typing", "dataclasses", "json", "re", "pathlib", "subprocess", "threading", "logging"} & set(loaded)


def test_running_it_writes_nothing_beside_it(tmp_path: Path) -> None:
    import shutil

    copy = shutil.copytree(ROOM, tmp_path / "shim", ignore=shutil.ignore_patterns("__pycache__"))
    before = sorted(Path(copy).iterdir())
    ours, theirs = socket.socketpair()
    ours.close()
    with theirs:
        subprocess.run(
            [sys.executable, "-I", "-S", "-B", str(copy), str(theirs.fileno())], pass_fds=[theirs.fileno()], check=True
        )
    assert sorted(Path(copy).iterdir()) == before
