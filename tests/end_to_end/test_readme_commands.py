"""A day with it, as the README tells it: each command on the sample shop."""

from __future__ import annotations

import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from attaching import debugging

from hybrid_tasks.testing.project import Project, free_port, get

ROOT = Path(__file__).parents[2]
pytestmark = [pytest.mark.needs("go", "rust"), pytest.mark.timeout(600)]

# What the README types, in its order, and what must come out.
DAY = (
    ("inv dev-start", 0, "healthy"),
    ("inv dev-start web", 0, "healthy"),
    ("inv dev-status", 0, "running"),
    ("inv dev-wait --reload", 0, "web: live in "),
    ("inv dev-debug web python", 0, ""),
    ("inv dev-logs --at last", 0, "-- live again: examples/shop/web/app.py saved"),
    ("inv dev-test api -- -run TestStock", 0, "ok"),
    ("inv dev-init --vscode", 0, "added `hybrid: web`"),
    ("inv dev-stop", 0, "stopped"),
)
DEBUG = "inv dev-debug web --debugger"
FOLLOW = "inv dev-logs web -f"


@pytest.fixture
def ports() -> dict[str, int]:
    return {"8000": free_port(), "8001": free_port(), "8002": free_port()}


@pytest.fixture
def project(tmp_path: Path, ports: dict[str, int]) -> Iterator[Project]:
    project = Project(tmp_path / "shop", tmp_path / "state")
    clean = shutil.ignore_patterns("target", "__pycache__", ".hybrid")
    shutil.copytree(ROOT / "examples" / "shop", project.root / "examples" / "shop", ignore=clean)
    text = (ROOT / "hybrid.toml").read_text()
    project.write("hybrid.toml", re.sub(r"\b800[012]\b", lambda port: str(ports[port[0]]), text))
    yield project
    assert project.close() == []


def test_a_day_with_it(project: Project, ports: dict[str, int]) -> None:
    for line, code, words in DAY:
        if line == "inv dev-wait --reload":
            page = project.root / "examples/shop/web/app.py"
            page.write_text(page.read_text().replace("The shop", "Our shop"))
        done = project.inv(*line.split()[1:])
        assert done.code == code, f"{line}: {done.out}{done.err}"
        assert words in done.out, line
        if line == "inv dev-wait --reload":
            assert "Our shop" in get(ports["8000"])
            follow(project)


def follow(project: Project) -> None:
    """`inv dev-logs web -f` shows what comes until Ctrl+C."""
    words = FOLLOW.split()[1:]
    shown = subprocess.Popen(
        [sys.executable, "-m", "invoke", *words], cwd=project.root, env=project.environ, stdout=subprocess.PIPE
    )
    assert shown.stdout
    assert shown.stdout.readline().startswith(b"web | ")
    shown.send_signal(signal.SIGINT)
    shown.communicate(timeout=20)
    assert shown.returncode == 130


@pytest.mark.needs("debugpy")
def test_a_service_of_the_shop_under_its_debugger(project: Project, ports: dict[str, int]) -> None:
    assert project.inv("dev-start", "web").code == 0
    with debugging(project, *DEBUG.split()[2:]) as task:
        task.ready()
        assert "The shop" in get(ports["8000"])
        assert "debugger: debugpy on 127.0.0.1:" in project.inv("dev-status").out
        assert task.ctrl_c() == 130
    assert "The shop" in get(ports["8000"])
