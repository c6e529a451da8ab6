"""What every test may use, and the account of what this machine could not run."""

from __future__ import annotations

import functools
import os
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

import tooling

REQUIRED = frozenset(filter(None, os.environ.get("HYBRID_REQUIRE", "").split(",")))


tooling.add_what_ci_built()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip what needs a missing tool; a required one is not skipped, so it fails."""
    if unknown := REQUIRED - tooling.KNOWN:
        raise pytest.UsageError(f"HYBRID_REQUIRE names what no test can need: {', '.join(sorted(unknown))}")
    present = functools.cache(tooling.present)
    for item in items:
        for marker in item.iter_markers("needs"):
            for name in marker.args:
                if not present(name) and name not in REQUIRED:
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
