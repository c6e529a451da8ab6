"""`dev-init`: what it writes, and what it leaves alone. The discovery itself is the configuration room's."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from desk import TASKS, Desk, at_a_desk


@pytest.fixture
def desk() -> Iterator[Desk]:
    with at_a_desk() as made:
        (made.root / "hybrid.toml").unlink()
        (made.root / "tasks.py").unlink()
        (made.root / "Procfile").write_text("worker: python worker.py\n")
        yield made


def init(desk: Desk, *words: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "hybrid_tasks", "dev-init", *words],
        cwd=cwd or desk.root,
        env=desk.environ,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
    )


def files(desk: Desk) -> set[str]:
    return {path.name for path in desk.root.iterdir() if path.name != "__pycache__"}


def test_a_fresh_folder_gets_both_files_and_works_at_once(desk: Desk) -> None:
    done = init(desk)
    assert (done.returncode, done.stderr) == (0, "")
    assert "Procfile" in done.stdout, "it says how it knows"
    assert done.stdout.endswith("wrote hybrid.toml\nwrote tasks.py\nnow: inv dev-start\n")
    assert files(desk) == {"Procfile", "hybrid.toml", "tasks.py"}
    assert (desk.root / "tasks.py").read_text() == TASKS
    assert "[services.worker]" in (desk.root / "hybrid.toml").read_text()
    listed = desk.run("--list")
    assert "dev-start" in listed.stdout
    checked = desk.run("dev-config", "--json")
    assert checked.returncode == 0, checked.stderr
    assert list(json.loads(checked.stdout)["services"]) == ["worker"]


@pytest.mark.parametrize("name", ["hybrid.toml", "pyproject.toml"])
def test_an_existing_configuration_is_exit_2_and_stays(desk: Desk, name: str) -> None:
    text = "[tool.hybrid]\n" if name == "pyproject.toml" else "# mine\n"
    (desk.root / name).write_text(text)
    done = init(desk)
    assert done.returncode == 2
    assert done.stderr == (
        f"error: `{name}` is there already\n hint: nothing is overwritten; edit it, or move it away\n"
    )
    assert (desk.root / name).read_text() == text
    assert files(desk) == {"Procfile", name}


@pytest.mark.parametrize("words", [["--dry-run"], ["--json"]])
def test_looking_writes_nothing(desk: Desk, words: list[str]) -> None:
    done = init(desk, *words)
    assert (done.returncode, done.stderr) == (0, "")
    assert "[services.worker]" in done.stdout
    assert files(desk) == {"Procfile"}
    if words == ["--json"]:
        assert "[services.worker]" in json.loads(done.stdout)["files"]["hybrid.toml"]


OWN = "from invoke import task\n\n@task\ndef deploy(c):\n    print('deployed')\n"


@pytest.mark.parametrize("place", ["tasks.py", "tasks/__init__.py"])
def test_a_tasks_file_of_the_users_stays_and_the_two_lines_do_what_was_promised(desk: Desk, place: str) -> None:
    file = desk.root / place
    file.parent.mkdir(exist_ok=True)
    file.write_text(OWN)
    done = init(desk)
    assert done.returncode == 0
    assert file.read_text() == OWN
    *told, last = done.stdout.splitlines()
    assert last == "now: inv dev-start"
    assert told[-3].startswith(f"{place} is yours and stays as it is")
    assert told[-2:] == ["    from hybrid_tasks import tasks", "    ns = tasks()"]
    file.write_text(OWN + "\n" + "\n".join(line.strip() for line in told[-2:]) + "\n")
    assert desk.run("deploy").stdout == "deployed\n"
    assert desk.run("dev-config").returncode == 0


def test_a_tasks_file_that_has_the_lines_is_not_mentioned(desk: Desk) -> None:
    (desk.root / "tasks.py").write_text(TASKS)
    assert "tasks.py" not in init(desk).stdout.replace("wrote hybrid.toml", "")


def test_a_folder_that_cannot_be_written_is_one_line(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    from hybrid_tasks.cli import dev_init
    from hybrid_tasks.errors import HybridError

    with pytest.raises(HybridError, match="cannot write"):
        dev_init._write(desk.root / "no" / "hybrid.toml", "x")


def test_a_file_that_appears_meanwhile_is_not_overwritten(desk: Desk) -> None:
    from hybrid_tasks.cli import dev_init
    from hybrid_tasks.errors import WrongInput

    (desk.root / "hybrid.toml").write_text("theirs")
    with pytest.raises(WrongInput, match="there already"):
        dev_init._write(desk.root / "hybrid.toml", "ours")
    assert (desk.root / "hybrid.toml").read_text() == "theirs"
    assert files(desk) == {"Procfile", "hybrid.toml"}


def test_a_folder_inside_another_project_gets_its_own(desk: Desk) -> None:
    (desk.root / "hybrid.toml").write_text("[project]\nname = 'outer'\n")
    inner = desk.root / "inner"
    inner.mkdir()
    (inner / "Procfile").write_text("web: python web.py\n")
    done = init(desk, cwd=inner)
    assert done.returncode == 0, done.stderr
    assert (inner / "hybrid.toml").exists()
    assert (desk.root / "hybrid.toml").read_text() == "[project]\nname = 'outer'\n"
