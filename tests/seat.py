"""Where a test of the whole product sits: a project of its own, its port, the wire, and what its services wrote."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from kills import kill, supervisors

from hybrid_tasks.control.client import call
from hybrid_tasks.errors import NotRunning
from hybrid_tasks.testing.project import Project, free_port


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    """A project that is stopped at the end, and must leave no process."""
    project = Project(tmp_path / "project", tmp_path / "state")
    yield project
    left = project.close()
    kill(supervisors(project))
    assert left == []


def ask(project: Project, op: str, **args: object) -> tuple[dict[str, Any], int]:
    """Ask the running supervisor as a command does, without the command's start-up."""
    result, code = call(project.root, op, args, environ=project.environ, timeout=120)
    assert isinstance(result, dict)
    return result, code


def reloaded(project: Project, *services: str) -> tuple[dict[str, Any], int]:
    """`dev-wait --reload`."""
    return ask(project, "wait", services=list(services), reload=True, timeout=60.0)


def services(project: Project) -> dict[str, dict[str, Any]]:
    """What `dev-status` says of each service."""
    return {service["name"]: service for service in ask(project, "status")[0]["services"]}


def state(project: Project, service: str) -> str:
    """The state of a service, empty while no supervisor answers."""
    try:
        return str(services(project).get(service, {}).get("state", ""))
    except NotRunning:
        return ""


def started(project: Project, *words: str) -> None:
    done = project.inv("dev-start", *words)
    assert done.code == 0, done.out + done.err


def output(project: Project, service: str, role: str = "instance") -> str:
    """Everything that all jobs of a service wrote, oldest first."""
    files = sorted((project.root / ".hybrid" / "logs" / service).glob(f"*-{role}-*.log"))
    return "".join(file.read_text(errors="replace") for file in files)


def plain(project: Project, tables: Mapping[str, str]) -> None:
    """Write a `hybrid.toml` of services: the lines of each one's table."""
    project.write("hybrid.toml", "".join(f"[services.{name}]\n{lines}\n" for name, lines in tables.items()))
