"""Directories in which no service is looked for: what was installed, built or copied, and programs that only test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from pathspec import GitIgnoreSpec

DECOYS = frozenset({
    "__pycache__", "bench", "benches", "benchmark", "benchmarks", "bower_components", "build", "dist", "doc", "docs",
    "e2e", "env", "examples", "external", "fixtures", "k6", "load-test", "load-tests", "load_test", "load_tests",
    "loadtest", "loadtests", "locust", "node_modules", "out", "perf", "site-packages", "target", "test", "testdata",
    "tests", "third-party", "third_party", "tmp", "vendor", "venv",
})  # fmt: skip

DEEPEST = 6
MOST = 5000
"""Directories that are looked at; a project with more of them is told so."""


def candidates(root: Path) -> Iterator[Path]:
    """Walk through the directories of a project that may hold a service.

    Args:
        root: the project's.

    Yields:
        the root itself, then what is below, nearer ones first; links are not followed.
    """
    spec = _gitignore(root)
    level = [root]
    seen = 0
    for _ in range(DEEPEST + 1):
        below: list[Path] = []
        for directory in level:
            seen += 1
            if seen > MOST:
                return
            yield directory
            below += [child for child in _children(directory) if not spec.match_file(f"{child.relative_to(root)}/")]
        level = below


def _children(directory: Path) -> list[Path]:
    try:
        found = [child for child in directory.iterdir() if child.is_dir() and not child.is_symlink()]
    except OSError:
        return []
    return sorted(child for child in found if _worth_a_look(child))


def _worth_a_look(directory: Path) -> bool:
    name = directory.name
    if name.startswith(".") or name.lower() in DECOYS or not name.isprintable():
        return False
    return not any((directory / mark).exists() for mark in ("pyvenv.cfg", "CACHEDIR.TAG"))


def _gitignore(root: Path) -> GitIgnoreSpec:
    file = root / ".gitignore"
    try:
        lines = file.read_text("utf-8-sig", "replace").splitlines() if file.is_file() else []
        return GitIgnoreSpec.from_lines(lines)
    except (OSError, ValueError):
        return GitIgnoreSpec([])
