"""The two commands of the README in a fresh clone, and the packages in a fresh environment."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from hybrid_tasks.testing.project import TASKS, Project, free_port, get

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.timeout(900)

SERVER = """
const http = require("node:http");
http.createServer((request, response) => response.end("from node")).listen(process.env.PORT, "127.0.0.1");
"""


def run(folder: Path, *words: str, env: dict[str, str], timeout: float = 600) -> str:
    done = subprocess.run(words, cwd=folder, env=env, capture_output=True, text=True, timeout=timeout)
    assert done.returncode == 0, f"{words}: {done.stdout}{done.stderr}"
    return done.stdout


def test_make_dev_start_in_a_fresh_clone(tmp_path: Path) -> None:
    """`make dev-start`, with ports of its own so that it may run beside a real one."""
    subprocess.run(["git", "clone", "-q", str(ROOT), str(tmp_path / "clone")], check=True)
    clone = Project(tmp_path / "clone", tmp_path / "state")
    subprocess.run(["git", "checkout", "-q", "tasks.py"], cwd=clone.root, check=True)
    ports = {port: free_port() for port in ("8000", "8001", "8002")}
    text = (clone.root / "hybrid.toml").read_text()
    clone.write("hybrid.toml", re.sub(r"\b800[012]\b", lambda port: str(ports[port[0]]), text))
    env = {**clone.environ, "PYTHON": sys.executable}
    try:
        told = run(clone.root, "make", "dev-start", env=env)
        assert f"http://127.0.0.1:{ports['8000']}" in told
        assert "The shop" in get(ports["8000"])
        again = run(clone.root, "make", "dev-status", env=env)
        assert "running" in again
    finally:
        run(clone.root, "make", "dev-stop", env=env)
    assert clone.survivors() == []


def test_an_old_python_is_told_what_to_install(tmp_path: Path) -> None:
    shutil.copy(ROOT / "Makefile", tmp_path)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    old = tmp_path / "python-old"
    old.write_text("#!/bin/sh\nexit 1\n")
    old.chmod(0o755)
    done = subprocess.run(["make", "dev-start", f"PYTHON={old}"], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode != 0
    [line] = [line for line in done.stderr.splitlines() if line.startswith("error:")]
    assert "Python 3.11 or newer" in line
    assert not (tmp_path / ".venv").exists()


@pytest.mark.needs("node")
def test_both_wheels_in_a_fresh_environment_start_a_node_service(tmp_path: Path) -> None:
    """Not the editable install: `pip install hybrid-tasks`, then `inv dev-init` and `inv dev-start`."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    for source in (ROOT, ROOT / "examples" / "hybrid-stack-node"):
        copy = tmp_path / "source" / source.name
        ignored = shutil.ignore_patterns(
            ".venv", ".git", ".hybrid", "target", ".mypy_cache", ".hypothesis", "__pycache__"
        )
        shutil.copytree(source, copy, ignore=ignored)
        build = (sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(tmp_path / "wheels"))
        run(copy, *build, env=env)
    run(tmp_path, sys.executable, "-m", "venv", "fresh", env=env)
    python = tmp_path / "fresh" / "bin" / "python"
    wheels = [str(wheel) for wheel in (tmp_path / "wheels").glob("*.whl")]
    assert len(wheels) == 2
    run(tmp_path, str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *wheels, env=env)

    project = Project(tmp_path / "project", tmp_path / "state")
    (project.root / "tasks.py").unlink()
    port = free_port()
    project.write("ui/package.json", '{"scripts": {"start": "node server.js"}}')
    project.write("ui/server.js", SERVER)
    inv = (str(python), "-m", "invoke")
    run(project.root, str(python), "-m", "hybrid_tasks", "dev-init", env=project.environ)
    assert (project.root / "tasks.py").read_text() == TASKS
    written = project.root / "hybrid.toml"
    assert "[services.ui]" in written.read_text()
    project.write("hybrid.toml", f'[services.ui]\ndir = "ui"\nport = {port}\nhealth = "/"\n')
    try:
        run(project.root, *inv, "dev-start", env=project.environ)
        assert get(port) == "from node"
    finally:
        run(project.root, *inv, "dev-stop", env=project.environ)
    assert project.survivors() == []


# What the README types before a project exists; the tests above do the same in a folder of their own.
SAME = """
make dev-start
make test
python3 -m venv .venv && . .venv/bin/activate
pip install -e '.[sample]'
pip install ../hybrid-tasks
python -m hybrid_tasks dev-init
"""
