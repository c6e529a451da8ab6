"""Gitignore lines: exactly git's answers, judged by git itself."""

# names that are no text need plain strings
# ruff: noqa: PTH118
from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from hybrid_tasks.engine.ignored import BUILT_IN
from hybrid_tasks.engine.matcher import Matcher
from hybrid_tasks.engine.rules import Rules, Sieve
from hybrid_tasks.model.watching import Watch

NAMES = ("a", "b", "src", "x.py", "x.log", "keep", "a.d", "#c", "b~", ".env")
GIT = {
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_SYSTEM": os.devnull,
    "PATH": os.environ["PATH"],
    "HOME": "/nonexistent",
}

names = st.sampled_from(NAMES)
segments = st.sampled_from((*NAMES, "*", "**", "*.py", "*.log", "?", "[ab]", "s*", "*~", "x.*", "*.d", "\\#c"))
lines = st.builds(
    lambda negated, anchored, parts, directory: f"{negated}{anchored}{'/'.join(parts)}{directory}",
    st.sampled_from(("", "", "!")),
    st.sampled_from(("", "", "/")),
    st.lists(segments, min_size=1, max_size=3),
    st.sampled_from(("", "", "/")),
)


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("checkout").resolve()
    subprocess.run(["git", "init", "-q", str(root)], check=True, env=GIT)
    for first in NAMES[:3]:
        for second in NAMES[:3]:
            (root / first / second).mkdir(parents=True)
            for name in NAMES[3:]:
                (root / first / second / name).write_text("")
                (root / first / name).write_text("")
    for name in NAMES[3:]:
        (root / name).write_text("")
    return root


def git_says(root: Path, paths: list[str]) -> set[str]:
    """The files git ignores, as it walks: nothing below an ignored directory can come back."""
    asked = "\0".join(paths)
    found = subprocess.run(
        ["git", "check-ignore", "--no-index", "--stdin", "-z"],
        cwd=root, input=os.fsencode(asked), capture_output=True, check=False, env=GIT,
    )  # fmt: skip
    assert found.returncode in {0, 1}, found.stderr
    return set(os.fsdecode(found.stdout).split("\0")) - {""}


def every_file(root: Path) -> list[str]:
    found = []
    for directory, directories, files in os.walk(root):
        if ".git" in directories:
            directories.remove(".git")
        found += [os.path.relpath(os.path.join(directory, name), root) for name in files if name != ".gitignore"]
    return found


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(outer=st.lists(lines, max_size=5), inner=st.lists(lines, max_size=3))
@example(outer=["*", "!*/", "!*.py"], inner=[])
@example(outer=["a/**", "!a/keep"], inner=[])
@example(outer=["src/", "!src/x.py"], inner=[])
@example(outer=["/*", "!/src"], inner=["*.log", "!x.log"])
@example(outer=["**/b/**"], inner=["!x.py"])
@example(outer=["*.py", "!/a/"], inner=[])
@example(outer=[], inner=["b/**/"])
@example(outer=["!x.py"], inner=["/**"])
@example(outer=["**/a/**", "!a/a"], inner=[])
@example(outer=["*.log", "!s*/"], inner=["*", "!?/"])
def test_the_answers_are_gits(checkout: Path, outer: list[str], inner: list[str]) -> None:
    (checkout / ".gitignore").write_text("\n".join(outer))
    (checkout / "a" / ".gitignore").write_text("\n".join(inner))
    matcher = Matcher(checkout, Watch((checkout,)))
    paths = every_file(checkout)
    ours = {path for path in paths if not matcher.counts(checkout / path)}
    built_in = {path for path in paths if Path(path).name in {"b~", "x.log"}}  # built-in: ignored unless taken in again
    assert ours - built_in == git_says(checkout, paths) - built_in


@given(st.lists(lines, max_size=8), names, st.lists(names, max_size=3))
@example(["a/a", "**/src/**/"], "a", ["src"])  # bug: taken for a pattern about the name alone
def test_what_the_sieve_lets_pass_no_line_matches(patterns: list[str], name: str, parents: list[str]) -> None:
    rules = Rules(patterns)
    path = "/".join([*parents, name])
    if not Sieve([(0, rules)]).catches(path, name):
        assert rules.verdict(path, name, is_dir=False) is None
    if not Sieve([(0, rules)]).catches_directory(path, name):
        assert rules.verdict(path, name, is_dir=True) is None


@given(st.lists(st.text(max_size=12), max_size=6), st.text(min_size=1, max_size=12))
def test_no_line_breaks_the_rules(patterns: list[str], name: str) -> None:
    Rules(patterns).verdict(name, name, is_dir=False)
    Rules(patterns).verdict(name, name, is_dir=True)


@pytest.mark.parametrize(
    ("name", "is_dir"),
    [
        (".git", True), ("node_modules", True), (".venv", True), ("target", True), ("dist", True),
        ("__pycache__", True), (".hybrid", True), ("x.egg-info", True),
        ("a.py.swp", False), ("a.py~", False), (".#a.py", False), ("#a.py#", False), ("4913", False),
        ("___jb_tmp___", False), ("a.py___jb_old___", False), ("__debug_bin123", False), ("m.pyc", False),
        (".gitignore", False), (".DS_Store", False),
    ],
)  # fmt: skip
def test_never_watched(name: str, is_dir: bool) -> None:
    assert Rules(BUILT_IN).verdict(f"deep/{name}", name, is_dir=is_dir) is True


@pytest.mark.parametrize(
    "name", ["main.go", "target.py", "dist.go", "Makefile", "a.swift", "49130", "log.py", "#todo", "git", ".env"]
)
def test_always_watched(name: str) -> None:
    assert Rules(BUILT_IN).verdict(name, name, is_dir=False) is None


def test_a_discarded_line_leaves_the_others() -> None:
    rules = Rules(["[", "!", "trailing\\", "[z-a]x", "*.log"])
    assert rules.verdict("a.log", "a.log", is_dir=False) is True
    assert rules.verdict("x", "x", is_dir=False) is None
