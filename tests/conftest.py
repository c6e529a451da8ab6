"""What every test may use, and the account of what this machine could not run."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

REQUIRED = frozenset(filter(None, os.environ.get("HYBRID_REQUIRE", "").split(",")))


def _program(name: str) -> Callable[[], bool]:
    return lambda: shutil.which(name) is not None


def _user_namespaces() -> bool:
    tried = subprocess.run(["unshare", "-Urm", "true"], capture_output=True) if shutil.which("unshare") else None
    return tried is not None and tried.returncode == 0


def _compose() -> bool:
    if os.environ.get("HYBRID_COMPOSE_BIN") or shutil.which("docker-compose"):
        return True
    docker = shutil.which("docker")
    return docker is not None and subprocess.run([docker, "compose", "version"], capture_output=True).returncode == 0


TOOLS: dict[str, Callable[[], bool]] = {
    "bash": _program("bash"),
    "compose": _compose,
    "fish": _program("fish"),
    "go": _program("go"),
    "linux": lambda: sys.platform.startswith("linux"),
    "node": _program("node"),
    "rust": _program("cargo"),
    "strace": _program("strace"),
    "tmux": _program("tmux"),
    "userns": _user_namespaces,
    "zsh": _program("zsh"),
}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip what needs a missing tool; a required one is not skipped, so it fails."""
    present = {name: there() for name, there in TOOLS.items()}
    for item in items:
        for marker in item.iter_markers("needs"):
            for name in marker.args:
                if not present[name] and name not in REQUIRED:
                    item.add_marker(pytest.mark.skip(reason=f"needs {name}, which this machine does not have"))
        if item.get_closest_marker("soak") and not os.environ.get("HYBRID_SOAK"):
            item.add_marker(pytest.mark.skip(reason="a long run: HYBRID_SOAK=1"))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say at the end what was not run, and why."""
    skipped: dict[str, int] = {}
    for report in terminalreporter.stats.get("skipped", []):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        skipped[reason.removeprefix("Skipped: ")] = skipped.get(reason.removeprefix("Skipped: "), 0) + 1
    if skipped:
        terminalreporter.section("not run here")
        for reason, count in sorted(skipped.items()):
            terminalreporter.line(f"{count:4} x {reason}")


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """A skip of a required part is a failure, whoever skipped it."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    for report in reporter.stats.get("skipped", []) if reporter else []:
        reason = str(report.longrepr)
        if any(f"needs {name}" in reason for name in REQUIRED):
            session.exitstatus = pytest.ExitCode.TESTS_FAILED
