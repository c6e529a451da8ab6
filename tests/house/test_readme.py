"""Every example of the README is executed; its table of tasks is what the tasks say."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from task_table import README, renewed

from hybrid_tasks.config.resolve import load
from hybrid_tasks.plugin.host import Host

TEXT = README.read_text("utf-8")
BLOCKS = re.findall(r"(?ms)^```(\w+)\n(.*?)^```", TEXT)
KINDS = {kind: [body for found, body in BLOCKS if found == kind] for kind, _ in BLOCKS}


def commands() -> list[str]:
    """The lines a reader types, without their comments."""
    lines = [line for body in KINDS["console"] for line in body.splitlines()]
    return [line.removeprefix("$ ").partition("  #")[0].strip() for line in lines]


def test_every_kind_of_block_has_its_test() -> None:
    assert set(KINDS) == {"console", "python", "toml"}


def test_the_table_of_tasks_is_generated() -> None:
    assert renewed(TEXT) == TEXT, "run `inv readme`"


@pytest.mark.parametrize("text", KINDS["toml"])
def test_configuration_examples_are_right(text: str, tmp_path: Path) -> None:
    (tmp_path / "hybrid.toml").write_text(text)
    for name in re.findall(r'dir = "(\w+)"', text):
        (tmp_path / name).mkdir()
    (tmp_path / "web" / "main.py").write_text("app = None\n")
    project = load(tmp_path, Host.load(None), environ={})
    assert set(project.services) == {"web", "api", "ui"}


def test_the_plugin_example_starts_a_service(tmp_path: Path) -> None:
    [plugin] = [text for text in KINDS["python"] if "hookimpl" in text]
    (tmp_path / "hybrid_plugins.py").write_text(plugin)
    host = Host.load(tmp_path)
    assert "node" in host.stacks
    assert [record.error for record in host.plugins if record.error] == []


def test_the_two_line_tasks_file_lists_the_tasks(tmp_path: Path) -> None:
    [tasks] = [text for text in KINDS["python"] if "ns = tasks()" in text]
    (tmp_path / "tasks.py").write_text(tasks)
    done = subprocess.run([sys.executable, "-m", "invoke", "--list"], cwd=tmp_path, capture_output=True, text=True)
    assert "dev-start" in done.stdout


def test_every_command_is_run_by_a_test() -> None:
    """`tests/end_to_end/test_newcomer.py` and `test_readme_commands.py` run them; a new one must be added there."""
    run = "".join(
        (README.parent / "tests" / "end_to_end" / name).read_text()
        for name in ("test_newcomer.py", "test_readme_commands.py")
    )
    assert [line for line in commands() if line not in run] == []


def test_every_make_target_named_exists() -> None:
    makefile = (README.parent / "Makefile").read_text()
    for target in re.findall(r"`make ([\w-]+)`|\$ make ([\w-]+)", TEXT):
        assert f"\n{''.join(target)}:" in makefile
