"""What `tasks()` gives to a project's `tasks.py`: ours and its steps, with help, and nothing heavy loaded."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from desk import Desk, golden
from fakes import canned
from listing import listed

from hybrid_tasks.cli import app
from hybrid_tasks.cli.here import table_names


def test_the_list(desk: Desk) -> None:
    done = desk.run("--list")
    golden("list", done.stdout)
    assert (done.returncode, done.stderr) == (0, "")
    assert all(len(line) <= 80 for line in done.stdout.splitlines())


@pytest.mark.parametrize("name", [task.replace("_", "-") for task in app.TASKS])
@pytest.mark.parametrize("words", [["--help", "{}"], ["{}", "--help"], ["-h", "{}"], ["{}", "-h"]], ids="_".join)
def test_every_task_has_help_with_an_example(desk: Desk, name: str, words: list[str]) -> None:
    done = desk.run(*(word.format(name) for word in words))
    assert (done.returncode, done.stderr) == (0, "")
    assert f"inv {name}" in done.stdout.partition("Example:")[2]
    options = done.stdout.partition("Options:\n")[2]
    assert options.strip() == "none" or all(
        len(line.split(maxsplit=1)) == 2 for line in options.splitlines() if line.lstrip().startswith("--")
    ), "every flag is explained"


def test_every_task_that_prints_data_prints_json() -> None:
    without = {task.name for task in app.ours() if not any(arg.name == "json" for arg in task.get_arguments())}
    assert without == {"dev_debug", "dev_test", "dev_completion", "dev_step"}


def test_flags_are_stable() -> None:
    """No letter is handed out by chance: the only short flag is the one we chose."""
    short = {
        (task.name, name)
        for task in app.ours()
        for argument in task.get_arguments()
        for name in argument.names
        if len(name) == 1
    }
    assert short == {("dev_logs", "f")}


def test_asking_for_flags_twice_keeps_the_help_texts() -> None:
    """Invoke takes the texts out of the task when it is asked for the first time."""
    (task, *_) = app.ours()
    first = [argument.help for argument in task.get_arguments()]
    assert first == [argument.help for argument in task.get_arguments()]
    assert all(first)


HEAVY = """
import json, sys
sys.argv[1:] = json.loads(sys.argv[1])
from invoke.main import program
code = 0
try:
    program.run()
except SystemExit as end:
    code = end.code
sys.stderr.write(json.dumps([code, sorted(sys.modules)]))
"""


def modules(desk: Desk, *words: str) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", HEAVY, json.dumps(words)],
        cwd=desk.root,
        env=desk.environ,
        capture_output=True,
        text=True,
        timeout=60,
    )
    code, names = json.loads(done.stderr)
    assert code == 0
    return set(names)


FORBIDDEN = {
    "docker",
    "pydantic",
    "watchdog",
    "pluggy",
    "psutil",
    "rich",
    "textual",
    "tomllib",
    "dotenv",
    "pathspec",
    "colorlog",
}


def test_a_list_loads_nothing_heavy_and_no_plugin(desk: Desk) -> None:
    ours = modules(desk, "--list")
    (desk.root / "tasks.py").write_text("from invoke import task\n@task\ndef x(c):\n    pass\n")
    empty = modules(desk, "--list")
    extra = {name.partition(".")[0] for name in ours - empty} - {"hybrid_tasks"}
    assert not extra & FORBIDDEN
    assert not any(name.startswith(("hybrid_stack_", "hybrid_runtime_")) for name in ours)
    assert not any(name.startswith("asyncio") for name in ours - empty)
    assert {"hybrid_tasks.control", "hybrid_tasks.cli.outcome", "hybrid_tasks.model"} & ours == set()


def test_a_status_loads_nothing_heavy(desk: Desk) -> None:
    with desk.supervised({"status": canned({"schema": 1, "services": [{"name": "web"}]})}):
        names = modules(desk, "dev-status")
    assert not {name.partition(".")[0] for name in names} & FORBIDDEN
    assert "hybrid_tasks.control.server" not in names


@pytest.mark.parametrize(
    ("file", "text", "names"),
    [
        (
            "hybrid.toml",
            "[steps.migrate]\n[ steps . seed ]\n[steps.'x']\n[steps.\"load-data\"]\n#[steps.no]\n",
            ["migrate", "seed", "x", "load-data"],
        ),
        ("hybrid.toml", "\ufeff[steps.migrate]\r\nrun = 'x'\r\n[steps.migrate.env]\r\n", ["migrate"]),
        ("hybrid.toml", "this is [not toml\n  [steps.a_b]\n", ["a_b"]),
        (
            "pyproject.toml",
            "[tool.hybrid]\n[tool.hybrid.steps.migrate]\n[steps.no]\n[tool.other.steps.no]\n",
            ["migrate"],
        ),
        ("hybrid.toml", "", []),
    ],
)
def test_steps_are_found_without_parsing(tmp_path: Path, file: str, text: str, names: list[str]) -> None:
    (tmp_path / file).write_bytes(text.encode())
    assert table_names(tmp_path, "steps") == names


def test_steps_are_tasks_and_ours_win_over_a_step_of_their_name(desk: Desk) -> None:
    with (desk.root / "hybrid.toml").open("a") as file:
        file.write('[steps.start]\nrun = "x"\n[steps.load_data]\nrun = "x"\n')
    names = listed(desk)
    assert names["dev-migrate"] == "Run the project's step `migrate`."
    assert names["dev-load-data"] == "Run the project's step `load_data`."
    assert names["dev-start"].startswith("Start services")
    with desk.supervised({"step": canned({})}) as fake:
        desk.run("dev-load-data")
    assert fake.asked("step") == [{"name": "load_data"}]
