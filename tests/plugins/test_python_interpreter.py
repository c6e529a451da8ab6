"""Which interpreter a Python service gets, and what is said when it lacks something."""

from __future__ import annotations

import sys
import venv
from pathlib import Path

import hybrid_stack_python as stack
import pytest
from hybrid_stack_python.interpreter import at, choose

from hybrid_tasks.api import Place, Service, ToolMissing

APP = "from starlette.applications import Starlette\napp = Starlette()\n"


def make(directory: Path, *packages: str) -> Path:
    """A virtual environment with empty packages of these names."""
    venv.create(directory, with_pip=False, symlinks=True)
    [site] = directory.glob("lib/python*/site-packages")
    for package in packages:
        (site / package).mkdir()
        (site / f"{package}-0.54.0.dist-info").mkdir()
    return directory / "bin" / "python"


@pytest.fixture
def web(tmp_path: Path) -> Path:
    directory = tmp_path / "repo" / "web"
    directory.mkdir(parents=True)
    (tmp_path / "repo" / "hybrid.toml").touch()
    (directory / "app.py").write_text(APP)
    return directory


def program(web: Path, **given) -> tuple[str, ...]:
    service = Service(**{"name": "web", "directory": web, "stack": "python", "port": 80, **given})
    return stack.stack_start(service, Place(web / "artefacts", 80)).program.argv


def test_the_services_own_environment_comes_first(web: Path) -> None:
    own = make(web / ".venv", "uvicorn", "starlette")
    make(web.parent / ".venv", "uvicorn", "starlette")
    service = Service("web", web, stack="python", port=80)
    found = stack.stack_start(service, Place(web / "artefacts", 80)).program
    assert found.argv[0] == str(own)
    assert dict(found.env) == {"PYTHONUNBUFFERED": "1", "VIRTUAL_ENV": str(web / ".venv")}


def test_its_own_environment_without_uvicorn_is_not_passed_over(web: Path) -> None:
    own = make(web / "venv", "starlette")
    (web / "requirements.txt").write_text("starlette\n")
    with pytest.raises(ToolMissing, match=f"uvicorn is not installed for {own}") as caught:
        program(web)
    assert caught.value.hint == f"cd {web} && {own} -m pip install -r requirements.txt uvicorn"


def test_a_broken_environment_is_told(web: Path) -> None:
    own = make(web / ".venv")
    own.unlink()
    own.symlink_to("/nowhere/python")
    with pytest.raises(ToolMissing, match=r"virtual environment .*\.venv is broken"):
        program(web)


def test_the_projects_environment_is_shared(web: Path) -> None:
    shared = make(web.parent / ".venv", "uvicorn", "starlette")
    assert program(web)[0] == str(shared)


def test_nothing_above_the_project_is_looked_at(web: Path) -> None:
    make(web.parent.parent / ".venv", "uvicorn", "starlette")
    assert str(web.parent.parent) not in program(web)[0].removeprefix(str(web))


def test_of_shared_ones_the_first_that_has_all(web: Path, tmp_path: Path) -> None:
    make(web.parent / ".venv", "uvicorn")
    active = make(tmp_path / "active", "uvicorn", "starlette")
    env = {"VIRTUAL_ENV": str(tmp_path / "active"), "PATH": str(tmp_path)}
    assert choose(web, None, env, ["uvicorn", "starlette"]).path == active
    assert choose(web, None, env, ["uvicorn"]).path == web.parent / ".venv" / "bin" / "python"
    assert program(web, env={"VIRTUAL_ENV": str(tmp_path / "active"), "PATH": "/nowhere"})[0] == str(active)


def test_hybrid_tasks_own_interpreter_is_the_last(web: Path, tmp_path: Path) -> None:
    assert choose(web, None, {"PATH": str(tmp_path)}, ["uvicorn", "starlette"]).path == Path(sys.executable)


def test_the_option_names_one(web: Path) -> None:
    chosen = make(web / "envs" / "a", "uvicorn")
    make(web / ".venv", "uvicorn")
    for spelled in ("envs/a", "envs/a/bin/python", str(chosen)):
        assert program(web, options=stack.PythonOptions(python=spelled))[0] == str(chosen)
    with pytest.raises(ToolMissing, match="interpreter `envs/b` does not exist"):
        program(web, options=stack.PythonOptions(python="envs/b"))
    with pytest.raises(ToolMissing, match="interpreter `python9` does not exist"):
        program(web, options=stack.PythonOptions(python="python9"))


def test_an_old_uvicorn_is_not_given_a_flag_it_does_not_know(web: Path) -> None:
    make(web / ".venv", "uvicorn")
    assert "--timeout-graceful-shutdown" in program(web)
    [info] = (web / ".venv").glob("lib/python*/site-packages/uvicorn-*")
    info.rename(info.with_name("uvicorn-0.21.1.dist-info"))
    assert "--timeout-graceful-shutdown" not in program(web)


def test_a_version_managers_shim_is_looked_behind(tmp_path: Path) -> None:
    shim, real = tmp_path / "shims" / "python3", tmp_path / "versions" / "3.12.1" / "bin" / "python3"
    for file in (shim, real):
        file.parent.mkdir(parents=True)
    shim.write_text("#!/bin/sh\n")
    real.symlink_to(sys.executable)
    (tmp_path / "version").write_text("3.12\n")
    assert at(shim, {}).path == real
    (tmp_path / "version").write_text("3.9\n")
    unknown = at(shim, {})
    assert (unknown.path, unknown.has("uvicorn")) == (shim, None)
    assert at(shim, {"PYENV_VERSION": "3.12.1"}).path == real


def test_system_packages_count_where_the_environment_lets_them_in(tmp_path: Path) -> None:
    python = make(tmp_path / "v")
    config = tmp_path / "v" / "pyvenv.cfg"
    base = tmp_path / "base"
    (base / "lib" / "python3.11" / "site-packages" / "uvicorn").mkdir(parents=True)
    (base / "bin").mkdir()
    (base / "bin" / "python3").touch()
    config.write_text(f"home = {base / 'bin'}\ninclude-system-site-packages = false\n")
    assert at(python, {"HOME": str(tmp_path)}).has("uvicorn") is False
    config.write_text(f"home = {base / 'bin'}\ninclude-system-site-packages = true\n")
    assert at(python, {"HOME": str(tmp_path)}).has("uvicorn") is True
