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
def test_a_port_that_our_own_service_has_was_a_remark(
    shop: Callable[[str], Loaded], tmp_path: Path, ours: bool
) -> None:
    project = project_identity(tmp_path) if ours else "another"
    marks = {"HYBRID_PROJECT": project, "HYBRID_SERVICE": "web", "HYBRID_RUN": "0" * 12}
    with subprocess.Popen(
        [sys.executable, "-c", SERVER], env=marks, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None
        port = int(child.stdout.readline())
        found = check(shop(f'[services.web]\ncommand = ["true"]\nport = {port}\n'), "web")
        child.communicate("")
    assert ("is in use" in str(found["detail"])) is not ours


def test_a_port_that_the_supervisor_holds_is_no_remark(shop: Callable[[str], Loaded]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        loaded = shop(f'[services.web]\ncommand = ["true"]\nport = {server.getsockname()[1]}\n')
        assert "is in use" not in str(check(loaded, "web")["detail"])


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
