"""What `dev-doctor` finds."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from hybrid_tasks.process.identity import project_identity
from hybrid_tasks.supervisor.diagnosis import checks
from hybrid_tasks.supervisor.loaded import Loaded

PYTHON = sys.executable
GO = '[services.api]\nstack = "go"\ndir = "."\n'
SERVER = """
import socket, sys
server = socket.create_server(("127.0.0.1", 0))
print(server.getsockname()[1], flush=True)
sys.stdin.read()
"""


def check(loaded: Loaded, name: str, path: Path | str = os.defpath) -> dict[str, object]:
    return next((one for one in checks(loaded, {"PATH": str(path)}) if one["name"] == name), {})


@pytest.mark.parametrize(("more", "ok", "word"), [("optional = true\n", True, "missing"), ("", False, "FAIL")])
def test_a_missing_tool_of_an_optional_service_was_called_ok(
    shop: Callable[[str], Loaded], tmp_path: Path, more: str, ok: bool, word: str
) -> None:
    found = check(shop(GO + more), "api", tmp_path)
    assert (found["ok"], found["word"]) == (ok, word)
    assert "`go` is missing" in str(found["detail"])


def test_the_versions_of_tools_are_told(shop: Callable[[str], Loaded], tmp_path: Path) -> None:
    tool = tmp_path / "go"
    tool.write_text('#!/bin/sh\necho "go $1 go1.99"\n')
    tool.chmod(0o755)
    loaded = shop(GO)
    assert check(loaded, "go", tmp_path)["detail"] == f"go version go1.99 ({tool})"
    tool.write_text("#!/bin/sh\nexit 127\n")
    assert "only a stub" in str(check(loaded, "go", tmp_path)["detail"])
    assert check(loaded, "go", tmp_path / "empty") == {}


@pytest.mark.needs("linux")
@pytest.mark.parametrize("ours", [True, False])
def test_bug_a_port_that_a_stranger_has_was_a_remark(shop: Callable[[str], Loaded], tmp_path: Path, ours: bool) -> None:
    project = project_identity(tmp_path) if ours else "another"
    marks = {"HYBRID_PROJECT": project, "HYBRID_SERVICE": "web", "HYBRID_RUN": "0" * 12}
    with subprocess.Popen(
        [sys.executable, "-c", SERVER], env=marks, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None
        port = int(child.stdout.readline())
        found = check(shop(f'[services.web]\ncommand = ["true"]\nport = {port}\n'), "web")
        child.communicate("")
    assert ("is taken by" in str(found["detail"])) is not ours
    assert found["ok"] is ours, "a start would fail"


def test_a_port_that_the_supervisor_holds_is_no_remark(shop: Callable[[str], Loaded]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        loaded = shop(f'[services.web]\ncommand = ["true"]\nport = {server.getsockname()[1]}\n')
        assert "is taken" not in str(check(loaded, "web")["detail"])


def test_a_tool_that_only_one_services_options_ask_for_is_missed_there(
    shop: Callable[[str], Loaded], tmp_path: Path
) -> None:
    loaded = shop('[services.web]\nstack = "rust"\ndir = "."\n[services.web.rust]\nlinker = "mold"\n')
    (loaded.project.root / "src").mkdir()
    (loaded.project.root / "src" / "main.rs").write_text("fn main() {}\n")
    (loaded.project.root / "Cargo.toml").write_text('[package]\nname = "web"\n')
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "cargo").write_text("#!/bin/sh\n")
    (folder / "cargo").chmod(0o755)
    found = check(loaded, "web", folder)
    assert (found["ok"], found["detail"]) == (False, "`mold` is missing")
    assert "apt-get install mold" in str(found["hint"])


def test_a_service_that_cannot_be_started_as_it_is_says_why(shop: Callable[[str], Loaded]) -> None:
    found = check(shop('[services.web]\nstack = "python"\ndir = "."\n'), "web")
    assert found["ok"] is False
    assert "no ASGI application and no script was found" in str(found["detail"])
    assert "services.web.python" in str(found["hint"])


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ('command = ["no-such-program", "dev"]', "`no-such-program` was not found"),
        ('command = ["./run.sh"]', "`./run.sh` does not exist"),
        ('command = ["./plain.txt"]', "cannot execute `./plain.txt`: permission denied"),
    ],
)
def test_bug_a_command_whose_program_is_not_there_was_called_ok(
    shop: Callable[[str], Loaded], tmp_path: Path, words: str, told: str
) -> None:
    (tmp_path / "plain.txt").write_text("")
    found = check(shop(f"[services.web]\n{words}\n"), "web")
    assert (found["ok"], found["detail"], found["word"]) == (False, told, "FAIL")
    assert check(shop(f"[services.web]\n{words}\noptional = true\n"), "web")["word"] == "missing"
    assert check(shop(f'[services.web]\n{words}\nbuild = ["make"]\n'), "web")["ok"] is words.startswith(
        'command = ["./'
    )


@pytest.mark.parametrize(
    ("needs", "unless"),
    [
        ('needs = ["step:install"]\n', ", unless `step:install` makes it"),
        ('needs = ["api"]\n', ", unless `step:install` or `step:all` makes it"),
        ("", ""),
    ],
)
def test_bug_a_program_that_a_step_makes_was_a_failure(shop: Callable[[str], Loaded], needs: str, unless: str) -> None:
    loaded = shop(
        f'[services.ui]\ncommand = ["bin/ui"]\n{needs}[services.api]\ncommand = ["true"]\nneeds = ["step:all"]\n'
        '[steps.install]\nrun = "make"\n[steps.all]\nrun = "true"\nneeds = ["step:install"]\n'
    )
    found = check(loaded, "ui")
    assert (found["ok"], found["detail"]) == (bool(needs), f"`bin/ui` does not exist{unless}")


def test_the_path_of_the_service_counts(shop: Callable[[str], Loaded], tmp_path: Path) -> None:
    (tmp_path / "tool").write_text("#!/bin/sh\n")
    (tmp_path / "tool").chmod(0o755)
    text = '[services.web]\ncommand = ["tool"]\n'
    assert check(shop(text), "web")["ok"] is False
    assert check(shop(f'{text}env = {{PATH = "{tmp_path}"}}\n'), "web")["ok"] is True


def test_bug_nothing_was_said_of_debuggers_and_of_the_front_that_are_missing(
    shop: Callable[[str], Loaded], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "bin/python"))  # what is installed beside it is found, too
    for name in ("api", "other"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "go.mod").write_text("module x\n")
        (tmp_path / name / "main.go").write_text("package main\n\nfunc main() {}\n")
    (tmp_path / "go").write_text("#!/bin/sh\n")
    (tmp_path / "go").chmod(0o755)
    (tmp_path / "web.py").write_text("import time\nif __name__ == '__main__':\n    time.sleep(9)\n")
    loaded = shop(
        '[services.api]\ndir = "api"\n[services.other]\ndir = "other"\n[services.web]\nstack = "python"\n'
        f'[services.web.python]\nscript = "web.py"\npython = "{PYTHON}"\n'
    )
    told = [one for one in checks(loaded, {"PATH": str(tmp_path), "HOME": str(tmp_path)}) if one["word"] == "missing"]
    assert {(str(one["name"]), str(one["detail"])) for one in told} == {
        ("debugger", "`dlv` is not installed: `inv dev-debug api --debugger` needs it"),
        ("py-spy", "`inv dev-debug NAME --stacks` needs it, and so does the reason why a program hangs"),
        ("caddy", "services that take no socket are replaced at a save without it"),
    }
    assert all(one["ok"] and one["hint"] for one in told)
