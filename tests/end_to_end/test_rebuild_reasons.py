"""What a program is made with changes: everything is made anew, and the receipt says why."""

from __future__ import annotations

import shutil
import sys
import venv
from pathlib import Path
from typing import Any

import pytest
from languages import LANGUAGES, table, written
from seat import plain, reloaded, services, started
from shop import receipts

from hybrid_tasks.testing.project import Project, get

pytestmark = pytest.mark.timeout(300)

TOOLCHAIN = '[toolchain]\nchannel = "stable"\n'
FILES = [
    ("python", "requirements.txt", "# nothing\n"),
    ("python", "requirements-dev.txt", "# nothing\n"),
    ("python", "uv.lock", "version = 1\n"),
    ("python", "pyproject.toml", '[project]\nname = "sample"\nversion = "1"\n'),
    ("go", "go.mod", "module sample\n\ngo 1.21 // as before\n"),
    ("go", "go.sum", ""),
    ("rust", "Cargo.toml", None),
    ("rust", "Cargo.lock", None),
    ("rust", "rust-toolchain.toml", TOOLCHAIN),
    ("rust", "rust-toolchain", TOOLCHAIN),
]


def last(project: Project) -> dict[str, Any]:
    return receipts(project)[-1]


@pytest.mark.parametrize(
    "stack", ["python", *(pytest.param(name, marks=pytest.mark.needs(name)) for name in ("go", "rust"))]
)
def test_a_dependency_file_leads_to_a_full_rebuild(project: Project, port: int, stack: str) -> None:
    language = LANGUAGES[stack]
    project.write("hybrid.toml", table(language, port))
    written(project, language, "zero")
    started(project)
    for name, text in ((name, text) for of, name, text in FILES if of == stack):
        file = project.root / "web" / name
        file.write_text(f"# saved\n{file.read_text()}" if text is None else text)
        done, code = reloaded(project)
        assert code == 0, (name, done["receipts"])
        told = last(project)
        assert (told["files"], told["result"], told["note"]) == (
            [f"web/{name}"],
            "live",
            f"full rebuild: {name} changed",
        )
        assert get(port) == "zero"
    (project.root / "web" / language.main).write_text(language.text("one"))
    assert reloaded(project)[1] == 0
    assert "full rebuild" not in last(project)["note"], "source alone is no reason"
    assert get(port) == "one"


SHOWS = 'dir = "web"\ncommand = ["sh", "-c", "echo $DEBUG; exec sleep 1000"]\n'


@pytest.mark.parametrize("command", ["dev-start", "dev-restart"])
def test_bug_a_service_that_builds_nothing_was_told_to_be_rebuilt(project: Project, command: str) -> None:
    project.write(".env", "DEBUG=1\nTOKEN=t0p\n")
    project.write("web/source", "1")
    plain(project, {"web": SHOWS})
    started(project)
    assert last(project)["note"] == ""
    project.write(".env", "DEBUG=2\nTOKEN=t1p\n")
    assert project.inv(command).code == 0
    assert last(project)["note"] == "restarted: .env changed (DEBUG, TOKEN)"
    assert services(project)["web"]["detail"] == "restarted: .env changed (DEBUG, TOKEN)"
    assert project.inv("dev-restart").code == 0
    assert last(project)["note"] == "", "that is told once"
    plain(project, {"web": SHOWS + "restart = 'never'\nenv = {EXTRA = '1'}"})
    project.write(".env", "DEBUG=2\n")
    assert project.inv(command).code == 0
    reasons = "services.web.env changed (EXTRA), .env changed (TOKEN), hybrid.toml changed (restart)"
    assert last(project)["note"] == f"restarted: {reasons}"


@pytest.mark.needs("go")
def test_a_changed_env_file_has_a_program_built_anew(project: Project, port: int) -> None:
    project.write(".env", "DEBUG=1\n")
    project.write("hybrid.toml", table(LANGUAGES["go"], port))
    written(project, LANGUAGES["go"], "zero")
    started(project)
    project.write(".env", "DEBUG=2\n")
    started(project)
    assert last(project)["note"] == "full rebuild: .env changed (DEBUG)"


def test_a_save_that_takes_a_changed_env_file_says_so_beside_its_own_reason(project: Project, port: int) -> None:
    language = LANGUAGES["python"]
    project.write(".env", "DEBUG=1\n")
    project.write("hybrid.toml", table(language, port))
    written(project, language, "zero")
    started(project)
    project.write(".env", "DEBUG=2\n")
    project.write("web/requirements.txt", "# nothing\n")
    assert reloaded(project)[1] == 0
    assert last(project)["note"] == "full rebuild: requirements.txt changed, .env changed (DEBUG)"
    assert "full rebuild: requirements.txt changed, .env changed (DEBUG)" in project.inv("dev-wait", "--reload").out


def test_another_interpreter_in_the_same_place_is_a_reason(project: Project, port: int) -> None:
    language, place = LANGUAGES["python"], project.root / "web" / ".venv"
    project.write("hybrid.toml", table(language, port))
    written(project, language, "zero")
    venv.create(place, symlinks=True)
    started(project)
    shutil.rmtree(place)
    venv.create(place, symlinks=False)
    (project.root / "web" / language.main).write_text(language.text("one"))
    assert reloaded(project)[1] == 0
    now, before = Path(place / "bin" / "python").resolve(), Path(sys.executable).resolve()
    assert last(project)["note"] == f"restarted: interpreter changed ({before} to {now})"
    assert get(port) == "one"
