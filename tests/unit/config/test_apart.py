"""What is not a service's source although it lies in its directory."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from hybrid_tasks.model.project import Project

Load = Callable[..., Project]
OWN = {"hybrid.toml", "hybrid_plugins.py", ".env", ".env.local"}


def told(project: Project, service: str) -> set[str]:
    """What is apart, relative to the project."""
    return {path.relative_to(project.root).as_posix() for path in project.services[service].apart}


def test_a_plain_command_leaves_out_files_of_the_project_and_other_services(loaded: Load, root: Path) -> None:
    (root / "link").symlink_to("services/stock")
    project = loaded("""
[project]
env = ["config/hybrid.env"]
[services.all]
command = "true"
[services.again]
command = "true"
[services.api]
dir = "services/api"
env_file = ["services/api/own.env"]
[services.stock]
dir = "link"
command = "true"
[services.shared]
dir = "services"
command = "true"
watch = ["./stock"]
""")
    everywhere = {"services/api", "services/stock", "link", "services"}
    assert told(project, "all") == OWN | everywhere | {"config/hybrid.env", "services/api/own.env"}
    assert told(project, "again") == told(project, "all"), "one directory of two services belongs to both"
    assert told(project, "shared") == {"services/api", "services/api/own.env"}, "what `watch` names is source"
    assert told(project, "api") == {"services/api/own.env"}


@pytest.mark.parametrize(
    ("watch", "left"),
    [
        ('["."]', set()),
        ('["services"]', OWN),
        ('["services/api/go.mod", ".env", "hybrid.toml"]', OWN - {".env", "hybrid.toml"} | {"services/api"}),
        ('["services/ap"]', OWN | {"services/api"}),
    ],
)
def test_what_is_named_is_watched(loaded: Load, root: Path, watch: str, left: set[str]) -> None:
    (root / "services/ap").mkdir()
    (root / ".env").write_text("")
    text = f'[services.all]\ncommand = "true"\nwatch = {watch}\n[services.api]\ndir = "services/api"\n'
    assert told(loaded(text), "all") == left


def test_a_stack_may_import_what_is_in_the_directories_of_others(loaded: Load, root: Path) -> None:
    (root / "requirements.txt").write_text("starlette\n")
    text = '[services.web]\nstack = "python"\n[services.worker]\ndir = "services/web"\n'
    assert told(loaded(text), "web") == OWN


@pytest.mark.parametrize("name", ["tasks.py", "tasks/__init__.py"])
def test_the_tasks_of_inv_are_no_source_but_those_of_others_are(loaded: Load, root: Path, name: str) -> None:
    text = '[services.all]\ncommand = "celery -A tasks worker"\n'
    (root / name).parent.mkdir(exist_ok=True)
    (root / name).write_text("from hybrid_tasks import tasks\n\nns = tasks()\n")
    assert told(loaded(text), "all") == OWN | {name}
    (root / name).write_text("from celery import Celery\n")
    assert told(loaded(text), "all") == OWN
