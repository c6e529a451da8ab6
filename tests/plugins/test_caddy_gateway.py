"""What the Caddy plugin claims and writes, and that the real Caddy accepts it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import hybrid_gateway_caddy as gateway
import pytest

from hybrid_tasks.api import GatewaySettings, Route
from hybrid_tasks.gateway import launching, targets

ROUTES = (Route("web", 3, "web.1"), Route("api", 4, "api.2"), Route("web", 5, "web.3"))


def test_nothing_listens_but_the_descriptors_it_is_given(tmp_path: Path) -> None:
    told = json.loads(gateway.gateway_render(ROUTES, GatewaySettings(tmp_path))["caddy.json"])
    servers = told["apps"]["http"]["servers"]
    assert [server["listen"] for server in servers.values()] == [["fd/3"], ["fd/4"], ["fd/5"]]
    assert all(server["automatic_https"] == {"disable": True} for server in servers.values())
    assert told["admin"] == {"disabled": True, "config": {"persist": False}}
    assert told["storage"]["root"] == str(tmp_path / "storage")


@pytest.mark.needs("caddy")
def test_caddy_accepts_it(tmp_path: Path) -> None:
    targets.write_all(tmp_path, gateway.gateway_render(ROUTES, GatewaySettings(tmp_path)))
    command = launching.command(gateway.gateway_info(), tmp_path, None)
    words = [command.argv[0], "validate", "--config", *command.argv[3:]]
    done = subprocess.run(words, env=dict(command.env), cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_a_front_is_found_beside_our_interpreter_first_and_lives_in_its_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    info = gateway.gateway_info()
    ours, theirs = tmp_path / "ours", tmp_path / "theirs"
    monkeypatch.setattr(sys, "executable", str(ours / "python"))
    missing = launching.missing(info, str(theirs))
    assert missing is not None
    assert missing.install == "pip install 'hybrid-tasks[gateway]'"
    for folder in (theirs, ours):
        folder.mkdir()
        (folder / "caddy").write_text("#!/bin/sh\n")
        (folder / "caddy").chmod(0o755)
        assert launching.missing(info, str(theirs)) is None
        command = launching.command(info, tmp_path / "front", str(theirs))
        assert command.argv == (str(folder / "caddy"), "run", "--config", str(tmp_path / "front" / "caddy.json"))
    assert {command.env[name] for name in ("HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME")} == {str(tmp_path / "front")}
    assert "PATH" not in command.env


def test_a_target_is_replaced_whole(tmp_path: Path) -> None:
    file = tmp_path / "web.1"
    targets.replace(file, "127.0.0.1:20000")
    before = file.stat().st_ino
    targets.replace(file, "127.0.0.1:3")
    assert file.read_text() == "127.0.0.1:3"
    assert file.stat().st_ino != before
    assert file.stat().st_mode & 0o777 == 0o600
