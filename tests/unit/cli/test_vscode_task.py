"""`dev-init --vscode` with the real `inv`: what it writes, what it leaves alone, and what it says."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from desk import GOLDEN, Desk

from hybrid_tasks.editors.jsonc import read

CONFIG = """\
[project]
name = "shop"

[services.web]
stack = "python"
dir = "web"

[services.api]
stack = "go"
dir = "api"
[services.api.go]
debug_port = 40000

[services.engine]
stack = "rust"
dir = "engine"
[services.engine.rust]
debugger = "lldb-dap"

[services.queue]
command = ["sleep", "1000"]
"""
NAMES = ["hybrid: web", "hybrid: api", "hybrid: engine", "hybrid: all services"]


@pytest.fixture
def shop(desk: Desk) -> Desk:
    sources = {
        "hybrid.toml": CONFIG,
        "web/main.py": "import time\ntime.sleep(1000)\n",
        "api/go.mod": "module api\n\ngo 1.21\n",
        "api/main.go": "package main\n\nfunc main() { select {} }\n",
        "engine/Cargo.toml": '[package]\nname = "engine"\nversion = "0.1.0"\nedition = "2021"\n',
        "engine/src/main.rs": "fn main() { loop {} }\n",
    }
    for name, text in sources.items():
        (desk.root / name).parent.mkdir(parents=True, exist_ok=True)
        (desk.root / name).write_text(text)
    return desk


def written(desk: Desk) -> dict[str, bytes]:
    folder = desk.root / ".vscode"
    return {path.name: path.read_bytes() for path in folder.iterdir()} if folder.exists() else {}


def value(data: bytes) -> Any:
    node = read(data.decode("utf-8-sig"))
    assert node is not None
    return node.value


def init(desk: Desk, *words: str, **options: Any) -> subprocess.CompletedProcess[str]:
    return desk.run("dev-init", "--vscode", *words, **options)


def test_a_project_without_a_word_for_the_editor_gets_both_files(shop: Desk) -> None:
    (shop.root / "web" / "deep").mkdir()
    done = init(shop, cwd=shop.root / "web" / "deep")
    assert (done.returncode, done.stderr) == (0, "")
    both = "".join((shop.root / ".vscode" / name).read_text() for name in ("launch.json", "tasks.json"))
    text = f"{done.stdout}{both}"
    if os.environ.get("HYBRID_GOLDEN") == "write":
        (GOLDEN / "vscode.txt").write_text(text)
    assert text == (GOLDEN / "vscode.txt").read_text()
    assert (shop.root / "hybrid.toml").read_text() == CONFIG


def test_the_second_run_writes_nothing_and_says_so(shop: Desk) -> None:
    init(shop)
    folder = shop.root / ".vscode"
    before = {path: (path.stat().st_ino, path.stat().st_mtime_ns) for path in folder.iterdir()}
    assert len(before) == 2
    done = init(shop)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[-1] == "nothing to add: VS Code knows every service with a debugger"
    assert {path: (path.stat().st_ino, path.stat().st_mtime_ns) for path in folder.iterdir()} == before


def test_what_the_user_has_there_stays_byte_for_byte(shop: Desk) -> None:
    (shop.root / ".vscode").mkdir()
    theirs = (
        b'\xef\xbb\xbf{ // mine\r\n  "configurations": [\r\n'
        b'    {"name": "hybrid: web", "type": "debugpy", "mine": true}, // changed\r\n  ], /* end */\r\n}\r\n'
    )
    (shop.root / ".vscode" / "launch.json").write_bytes(theirs)
    (shop.root / ".vscode" / "launch.json").chmod(0o600)
    done = init(shop)
    assert done.returncode == 0, done.stderr
    assert "`hybrid: web` in .vscode/launch.json: not as it would be written now, left as it is\n" in done.stdout
    assert "added `hybrid: api`, `hybrid: engine`, `hybrid: all services` to .vscode/launch.json\n" in done.stdout
    now = written(shop)["launch.json"]
    head, _, tail = theirs.partition(b"\r\n  ], /* end */")
    assert now.startswith(head + b"\r\n    {\r\n")
    assert b"    },\r\n  ], /* end */\r\n" in now
    assert now.endswith(b"  ]," + tail)
    assert b"\n" not in now.replace(b"\r\n", b"")
    assert [one["name"] for one in value(now)["configurations"]] == NAMES[:3]
    assert stat.S_IMODE((shop.root / ".vscode" / "launch.json").stat().st_mode) == 0o600


def test_a_service_that_comes_later_is_added(shop: Desk) -> None:
    init(shop)
    (shop.root / "hybrid.toml").write_text(CONFIG + '[services.late]\nstack = "python"\ndir = "web"\n')
    done = init(shop)
    assert done.returncode == 0, done.stderr
    assert "added `hybrid: late` to .vscode/launch.json\n" in done.stdout
    assert "`hybrid: all services` in .vscode/launch.json: not as it would be written now" in done.stdout
    assert [one["label"] for one in value(written(shop)["tasks.json"])["tasks"]] == [*NAMES, "hybrid: late"]


@pytest.mark.parametrize("words", [["--dry-run"], ["--json"]])
def test_looking_writes_nothing_for_the_editor(shop: Desk, words: list[str]) -> None:
    done = init(shop, *words)
    assert (done.returncode, done.stderr) == (0, "")
    assert written(shop) == {}
    if words == ["--json"]:
        told = json.loads(done.stdout)
        assert told["schema"] == 1
        assert told["services"]["api"]["port"] == 40000
        assert told["left_out"] == {"queue": "a service without a `stack` knows no debugger"}
        assert {name: one["added"] for name, one in told["files"].items()} == {
            ".vscode/tasks.json": NAMES,
            ".vscode/launch.json": NAMES,
        }
        texts = [one["text"] for one in told["files"].values()]
    else:
        texts = done.stdout.split("--- .vscode/tasks.json\n")[1].split("--- .vscode/launch.json\n")
        texts[1] = texts[1].partition("would add")[0]
        assert f"would add {', '.join(f'`{name}`' for name in NAMES)} to .vscode/tasks.json\n" in done.stdout
    init(shop)
    assert written(shop) == {"tasks.json": texts[0].encode(), "launch.json": texts[1].encode()}


def test_mistakes_in_both_files_are_told_at_once_and_nothing_is_written(shop: Desk) -> None:
    (shop.root / ".vscode").mkdir()
    theirs = {"launch.json": b'{\n"configurations": [\n', "tasks.json": b'{\n\n"tasks": {}}'}
    for name, data in theirs.items():
        (shop.root / ".vscode" / name).write_bytes(data)
    done = init(shop)
    assert done.returncode == 2
    hint = " hint: nothing was written; correct it and run this again\n"
    assert done.stderr == (
        f"error: .vscode/tasks.json:3: `tasks` is no list\n{hint}"
        f"error: .vscode/launch.json:3: the file ends too early\n{hint}"
    )
    assert written(shop) == theirs


@pytest.mark.parametrize(
    ("mistake", "told"),
    [
        ("[services.api.nonsense]\n", "hybrid.toml:"),
        ('env_file = ["no.env"]\n', "no.env"),
        ("[services", "hybrid.toml:"),
    ],
)
def test_a_configuration_with_mistakes_writes_nothing(shop: Desk, mistake: str, told: str) -> None:
    (shop.root / "hybrid.toml").write_text(CONFIG + mistake)
    done = init(shop)
    assert done.returncode == 2
    assert told in done.stderr
    assert written(shop) == {}


PLUGIN = """\
from hybrid_tasks.api import Command, DebugPlan, StackInfo, StartPlan, hookimpl


@hookimpl
def stack_info():
    return StackInfo(name="own", title="Own")


@hookimpl
def stack_start(service, place):
    return StartPlan(Command(("true",), service.directory))


@hookimpl
def stack_debug(service, place, command):
    return DebugPlan(Command(("true",), service.directory), port=place.debug_port, adapter="owndbg")
"""


def test_the_debugger_that_is_wanted_decides_although_it_is_not_installed(shop: Desk) -> None:
    (shop.root / "hybrid.toml").write_text(CONFIG.replace('"lldb-dap"', '"no-such/gdbserver"'))
    done = init(shop, "--json")
    [engine] = [how for name, how in json.loads(done.stdout)["services"].items() if name == "engine"]
    assert (engine["type"], engine["MIMode"]) == ("cppdbg", "gdb")
    text = json.loads(done.stdout)["files"][".vscode/launch.json"]["text"]
    [told] = [one for one in value(text.encode())["configurations"] if one["name"] == "hybrid: engine"]
    assert told["program"] == "${workspaceFolder}/.hybrid/cache/engine/debugged"


def test_a_service_that_cannot_be_debugged_is_left_out_with_its_reason(shop: Desk) -> None:
    (shop.root / "hybrid_plugins.py").write_text(PLUGIN)
    more = (
        '[services.mine]\nstack = "own"\n[services.odd]\nstack = "python"\ndir = "web"\ncommand = ["sh", "-c", "x"]\n'
    )
    (shop.root / "hybrid.toml").write_text(CONFIG + more)
    done = init(shop)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[2:] == [
        "left out `queue`: a service without a `stack` knows no debugger",
        "left out `mine`: its stack does not say how an editor attaches to owndbg",
        "left out `odd`: which Python program `sh` starts cannot be told",
    ]
    assert [one["name"] for one in value(written(shop)["launch.json"])["configurations"]] == NAMES[:3]


def test_nothing_to_debug_is_a_mistake(desk: Desk) -> None:
    done = init(desk)
    assert done.returncode == 2
    assert done.stderr == (
        "error: there is no service with a debugger\n"
        " hint: `web`: a service without a `stack` knows no debugger; "
        "`api`: a service without a `stack` knows no debugger\n"
    )


def test_without_a_project_it_says_how_to_get_one(desk: Desk) -> None:
    (desk.root / "hybrid.toml").unlink()
    done = init(desk)
    assert done.returncode == 2
    assert "hint: write one with `inv dev-init`" in done.stderr


def test_a_link_out_of_the_project_is_refused(shop: Desk) -> None:
    outside = shop.root.parent / "outside.json"
    outside.write_text("{}")
    (shop.root / ".vscode").mkdir()
    (shop.root / ".vscode" / "tasks.json").symlink_to(outside)
    done = init(shop)
    assert done.returncode == 2
    assert "`.vscode/tasks.json` leads out of the project" in done.stderr
    assert (outside.read_text(), list(written(shop))) == ("{}", ["tasks.json"])


def test_an_environment_in_the_project_is_where_inv_is_taken_from(shop: Desk) -> None:
    """The editor of a user who started it from the desktop has none on its PATH."""
    venv = shop.root / ".venv"
    (venv / "bin").mkdir(parents=True)
    python = Path(os.path.realpath(sys.executable))
    (venv / "bin" / "python").symlink_to(python)
    (venv / "bin" / "inv").write_text("")
    (venv / "pyvenv.cfg").write_text(f"home = {python.parent}\n")
    paths = [path for path in sys.path if path]
    done = subprocess.run(
        [venv / "bin" / "python", "-m", "hybrid_tasks", "dev-init", "--vscode", "--json"],
        cwd=shop.root,
        env={**shop.environ, "PYTHONPATH": os.pathsep.join(paths)},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)["files"][".vscode/tasks.json"]["text"]
    assert value(told.encode())["tasks"][0]["command"] == "${workspaceFolder}/.venv/bin/inv"
