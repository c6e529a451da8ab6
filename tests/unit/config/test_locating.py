"""Finding the project, with nothing heavy imported."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from hybrid_tasks.config.locate import compose_files, config_files, find_config, find_project
from hybrid_tasks.errors import WrongInput


def put(*files: Path | str, text: str = "") -> None:
    for file in map(Path, files):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)


def test_upwards(tmp_path):
    put(tmp_path / "shop/hybrid.toml")
    (tmp_path / "shop/a/b").mkdir(parents=True)
    assert find_project(tmp_path / "shop/a/b") == tmp_path / "shop"
    assert find_project(tmp_path / "shop") == tmp_path / "shop"
    assert find_project(tmp_path / "shop/hybrid.toml") == tmp_path / "shop"
    assert find_project(tmp_path / "shop/a/gone") == tmp_path / "shop"


def test_nothing(tmp_path):
    assert find_project(tmp_path) is None
    assert find_config(tmp_path) is None


def test_only_a_compose_file_is_a_project(tmp_path):
    put(tmp_path / "shop/docker-compose.yml")
    (tmp_path / "shop/a").mkdir()
    assert find_project(tmp_path / "shop/a") == tmp_path / "shop"
    assert find_config(tmp_path / "shop") is None


def test_a_configuration_above_wins_over_a_nearer_compose_file(tmp_path):
    put(tmp_path / "shop/hybrid.toml", tmp_path / "shop/a/compose.yaml")
    assert find_project(tmp_path / "shop/a") == tmp_path / "shop"


def test_the_nearest_of_two(tmp_path):
    put(tmp_path / "hybrid.toml", tmp_path / "a/hybrid.toml", tmp_path / "b/compose.yml", tmp_path / "b/c/compose.yml")
    assert find_project(tmp_path / "a") == tmp_path / "a"
    (tmp_path / "hybrid.toml").unlink()
    assert find_project(tmp_path / "b/c") == tmp_path / "b/c"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("[tool.hybrid]\n", True),
        ("[tool.hybrid.services.api]\n", True),
        ("  [ tool . 'hybrid' ]\n", True),
        ("[[tool.hybrid.x]]\n", True),
        ("[tool]\nhybrid.project.name = 'x'\n", True),
        ("tool.hybrid = {}\n", True),
        ("[tool.hybrid\n", False),
        ("[broken\n[tool.hybrid]\n", True),
        ("[project]\nname = 'hybrid-tasks'\n", False),
        ("[tool.hybrid-tasks]\n", False),
        ("[tool]\nx = 'hybrid'\n", False),
        ("tool = 'hybrid'\n", False),
        ("x = [[[hybrid\n", False),
        ("", False),
    ],
)
def test_pyproject(tmp_path, text, found):
    put(tmp_path / "pyproject.toml", text=text)
    assert find_config(tmp_path) == (tmp_path / "pyproject.toml" if found else None)
    assert find_project(tmp_path) == (tmp_path if found else None)


def test_both(tmp_path):
    put(tmp_path / "hybrid.toml")
    put(tmp_path / "pyproject.toml", text="[tool.hybrid]\n")
    assert config_files(tmp_path) == [tmp_path / "hybrid.toml", tmp_path / "pyproject.toml"]
    assert find_config(tmp_path) == tmp_path / "hybrid.toml"


def test_what_is_no_file_is_found_all_the_same(tmp_path):
    (tmp_path / "a/hybrid.toml").mkdir(parents=True)
    (tmp_path / "b").mkdir()
    (tmp_path / "b/hybrid.toml").symlink_to("gone")
    assert find_project(tmp_path / "a") == tmp_path / "a"
    assert find_project(tmp_path / "b") == tmp_path / "b"
    (tmp_path / "c/pyproject.toml").mkdir(parents=True)
    assert find_config(tmp_path / "c") is None


def test_compose_files(tmp_path):
    assert compose_files(tmp_path) == []
    put(tmp_path / "compose.override.yml")
    assert compose_files(tmp_path) == []
    put(tmp_path / "docker-compose.yml")
    assert compose_files(tmp_path) == [tmp_path / "docker-compose.yml", tmp_path / "compose.override.yml"]
    put(tmp_path / "compose.yaml")
    assert compose_files(tmp_path)[0] == tmp_path / "compose.yaml"


def test_a_link_into_a_project_leads_to_its_real_root(tmp_path):
    put(tmp_path / "shop/hybrid.toml")
    (tmp_path / "shop/a").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "shop/a")
    assert find_project(tmp_path / "link") == tmp_path / "shop"


def test_a_deleted_current_directory(tmp_path, monkeypatch):
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    with pytest.raises(WrongInput, match="does not exist any more"):
        find_project(Path())
    os.chdir(tmp_path)


def test_the_thin_client_imports_nothing_heavy(tmp_path):
    put(tmp_path / "hybrid.toml")
    put(tmp_path / "pyproject.toml", text="[project]\nname='x'\n")
    code = (
        "import sys; from pathlib import Path; from hybrid_tasks.config.locate import find_project, find_config;"
        "import hybrid_tasks.config.nearest, hybrid_tasks.config.reserved;"
        "find_config(find_project(Path(sys.argv[1]))); print(*sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code, tmp_path], capture_output=True, text=True, check=True)
    heavy = {"pydantic", "tomllib", "asyncio", "watchdog", "pluggy", "psutil", "rich", "docker", "difflib", "dotenv"}
    assert heavy & set(done.stdout.split()) == set()
