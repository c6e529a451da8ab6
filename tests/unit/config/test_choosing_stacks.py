"""Which stack a service gets that names none, asked of the real ones."""

from __future__ import annotations

from pathlib import Path

import pytest

from hybrid_tasks.config.resolve import load
from hybrid_tasks.errors import Mistakes
from hybrid_tasks.model.project import Project
from hybrid_tasks.plugin.host import Host

APP = "from starlette.applications import Starlette\n\napp = Starlette()\n"
SITE = '[services.site]\ndir = "site"\nport = 8000\n'


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "site").mkdir()
    (tmp_path / "site/main.py").write_text(APP)
    return tmp_path


def loaded(root: Path, text: str) -> Project:
    (root / "hybrid.toml").write_text(text)
    return load(root, Host.load(None, environ={}), environ={})


def test_bug_a_service_with_a_port_only_ran_the_program_of_another_one(root: Path) -> None:
    with pytest.raises(Mistakes) as wrong:
        loaded(root, f"{SITE}[services.x]\nport = 1234\n")
    (mistake,) = wrong.value.mistakes
    assert mistake.message.startswith(
        "hybrid.toml:4 services.x: has no `dir`, and python finds no service right in the project's directory: "
        "ASGI application `app` in site/main.py"
    )
    assert mistake.hint == 'set `dir` to its directory, `command = ["program", "argument"]`, or `stack`'


@pytest.mark.parametrize(
    "lines",
    ['stack = "python"', '[services.x.python]\napp = "main:app"', 'dir = "."', 'command = "true"'],
)
def test_one_that_says_what_it_is_is_taken_at_its_word(root: Path, lines: str) -> None:
    assert loaded(root, f"{SITE}[services.x]\nport = 1234\n{lines}\n").services["x"].directory == root


def test_a_program_of_the_projects_directory_needs_no_dir(root: Path) -> None:
    (root / "main.py").write_text(APP)
    project = loaded(root, f"{SITE}[services.x]\nport = 1234\n")
    assert project.services["x"].evidence == "ASGI application `app` in main.py"
    (root / "main.py").unlink()
    alone = loaded(root, "[services.x]\nport = 1234\n")
    assert "site/main.py" in alone.services["x"].evidence, "the one application there is belongs to the one service"
