"""The rules of the house: sizes, names, signs, and what may not be written anywhere."""

from __future__ import annotations

import ast
import re
import statistics
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROOMS = sorted(p for p in (ROOT / "hybrid_tasks").iterdir() if p.is_dir() and (p / "__init__.py").exists())
SOURCES = sorted([*(ROOT / "hybrid_tasks").rglob("*.py"), *(ROOT / "plugins").rglob("*.py")])
VAGUE = {"utils", "util", "helpers", "helper", "common", "base", "core", "misc", "manager"}


def tracked() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True)
    return [ROOT / name for name in listed.stdout.splitlines() if (ROOT / name).is_file()]


def test_no_file_is_longer_than_300_lines() -> None:
    python = [p for p in tracked() if p.suffix == ".py"]
    assert [str(p) for p in python if len(p.read_text().splitlines()) > 300] == []


def test_the_median_file_is_short() -> None:
    assert statistics.median(len(p.read_text().splitlines()) for p in SOURCES) <= 120


def test_no_name_says_nothing() -> None:
    assert [p for p in tracked() if VAGUE & set(p.with_suffix("").relative_to(ROOT).parts)] == []


@pytest.mark.parametrize("room", ROOMS, ids=lambda room: room.name)
def test_every_room_has_a_sign_and_nothing_else_at_its_door(room: Path) -> None:
    tree = ast.parse((room / "__init__.py").read_text())
    text = ast.get_docstring(tree) or ""
    assert len(text.splitlines()) >= 3, "say what lives here, what does not, and what to read first"
    assert all(isinstance(node, ast.Expr) for node in tree.body), "a sign holds no code"


@pytest.mark.parametrize("source", SOURCES, ids=lambda p: str(p.relative_to(ROOT)))
def test_every_module_and_every_public_thing_says_what_it_is(source: Path) -> None:
    tree = ast.parse(source.read_text())
    assert ast.get_docstring(tree), "a module begins with one sentence"
    kinds = ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
    silent = [n.name for n in tree.body if isinstance(n, kinds) and n.name[0] != "_" and not ast.get_docstring(n)]
    assert silent == []


def test_processes_are_started_only_where_they_are_ended() -> None:
    """Subprocesses belong to `process/` and `shim/`; the exceptions are named with their reason."""
    allowed = {
        "hybrid_tasks/plugin/tools.py": "asks a tool for its version, with a deadline",
        "hybrid_tasks/control/client.py": "`--once` answers and ends",
        "hybrid_tasks/control/once.py": "`--once` answers and ends",
        "hybrid_tasks/cli/dev_test.py": "the user's own terminal",
    }
    found = set()
    for source in SOURCES:
        name = str(source.relative_to(ROOT))
        if name.startswith(("hybrid_tasks/process", "hybrid_tasks/shim", "hybrid_tasks/testing", "plugins/")):
            continue
        if re.search(r"\bsubprocess\.|\bos\.fork\(|create_subprocess", source.read_text()):
            found.add(name)
    assert found <= allowed.keys()


def test_nothing_names_this_machine() -> None:
    """Paths of a developer's machine and registry hosts do not belong into a repository."""
    forbidden = re.compile("/work" + r"/main|/home/(?!me\b)[a-z]|/Users/(?!me\b)[a-z]|/root" + "/")
    found = [
        p
        for p in tracked()
        if p.suffix in {".py", ".md", ".toml", ".go", ".rs", ""} and forbidden.search(p.read_text(errors="replace"))
    ]
    assert [str(p.relative_to(ROOT)) for p in found if p != Path(__file__)] == []


def test_the_makefile_only_delegates() -> None:
    """One recipe line a target, `@$(INV) <task>`; the only other rule makes `.venv`."""
    rules: dict[str, list[str]] = {}
    target = ""
    for line in (ROOT / "Makefile").read_text().splitlines():
        if line.startswith("\t"):
            rules[target].append(line.strip())
        elif match := re.match(r"([\w./-]+):(?!=)", line):
            target = match[1]
            rules[target] = []
    rules.pop(".PHONY", None)
    assert rules.pop(".venv/.installed")
    for name, recipe in rules.items():
        word = "--list" if name == "help" else name
        assert len(recipe) == 1, name
        assert re.fullmatch(rf"@\$\(INV\) {re.escape(word)}( \$\(ARGS\))?", recipe[0]), recipe
    assert "%" not in (ROOT / "Makefile").read_text(), "no pattern rules"
