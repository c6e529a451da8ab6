"""What may not stand in the package at all, and what the wheel may not bring."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SHIPPED = sorted(
    [*(ROOT / "hybrid_tasks").rglob("*.py"), *(ROOT / "plugins").rglob("*.py"), *(ROOT / "examples").rglob("*.py")]
)
SHELLS = {"system", "popen", "getoutput", "getstatusoutput", "create_subprocess_shell", "subprocess_shell"}
STARTERS = {"run", "Popen", "call", "check_call", "check_output"}
CONTEXTS = {"c", "_c", "ctx", "context"}


def calls(source: Path) -> list[ast.Call]:
    return [node for node in ast.walk(ast.parse(source.read_text())) if isinstance(node, ast.Call)]


def shells(call: ast.Call) -> bool:
    """Whether a call hands text to a shell: Invoke's `c.run` is one, and may only be given words of our own."""
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    of = call.func.value if isinstance(call.func, ast.Attribute) else None
    if name in SHELLS and not (isinstance(of, ast.Name) and of.id == "platform"):
        return True
    if name in STARTERS and any(word.arg == "shell" for word in call.keywords):
        return True
    ours = isinstance(of, ast.Name) and of.id in CONTEXTS and name in {"run", "sudo"}
    return ours and not (call.args and isinstance(call.args[0], ast.Constant))


def test_sec_26_no_data_reaches_a_shell() -> None:
    assert [f"{source}: {ast.unparse(call)}" for source in SHIPPED for call in calls(source) if shells(call)] == []


@pytest.mark.parametrize(
    "line", ["os.system(x)", "subprocess.run(x, shell=True)", "c.run(f'ls {x}')", "c.run('ls ' + x)", "ctx.sudo(x)"]
)
def test_sec_26_the_lint_sees(line: str) -> None:
    assert any(shells(node) for node in ast.walk(ast.parse(line)) if isinstance(node, ast.Call))


def test_sec_40_nothing_removes_more_than_is_named() -> None:
    forbidden = re.compile(r"(volume|system|image|network|container|builder)[\"', ]+prune|rm[\"', ]+-(rf|fr)\b")
    assert [source for source in SHIPPED if forbidden.search(source.read_text())] == []


def test_sec_46_the_parser_of_env_files_is_one_that_follows_no_links() -> None:
    wanted = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    assert "python-dotenv>=1.2.2" in wanted


def test_sec_48_the_wheel_brings_no_tests_and_no_keys(tmp_path: Path) -> None:
    words = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(words, cwd=ROOT, check=True, capture_output=True, timeout=100)
    [wheel] = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        texts = {name: archive.read(name) for name in names}
    tops = {name.partition("/")[0] for name in names}
    assert {top for top in tops if not re.match(r"hybrid_(tasks|stack_|runtime_|gateway_)", top)} == set()
    assert [
        name for name in names if re.search(r"(^|/)(tests?|conftest)(/|\.py)|\.(pem|key|crt|p12)$|/\.env", name)
    ] == []
    key = re.compile(rb"-----BEGIN [A-Z ]*PRIVATE KEY-----\s+[A-Za-z0-9+/]{20}")
    assert [name for name, text in texts.items() if key.search(text)] == []
    assert len(names) > 100
