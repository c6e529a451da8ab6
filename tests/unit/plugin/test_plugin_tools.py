"""A tool that is missing, not executable, hanging or only a stub is told apart from one that works."""

from __future__ import annotations

from pathlib import Path

import pytest

from hybrid_tasks.model.info import Tool
from hybrid_tasks.model.service import Service
from hybrid_tasks.plugin import routing
from hybrid_tasks.plugin.host import Host
from hybrid_tasks.plugin.tools import PATIENCE, trouble

GO = Tool("mytool", "apt-get install mytool", ("version",))


@pytest.fixture
def tool(tmp_path: Path) -> Path:
    file = tmp_path / "mytool"
    file.write_text("#!/bin/sh\n")
    file.chmod(0o755)
    return file


def test_a_tool_that_works(tool: Path) -> None:
    asked = []

    def run(argv: tuple[str, ...], seconds: float) -> int:
        asked.append((argv, seconds))
        return 0

    assert trouble(GO, str(tool.parent), run) is None
    assert asked == [((str(tool), "version"), PATIENCE)]


@pytest.mark.parametrize(
    ("code", "words"),
    [(127, "only a stub"), (None, "within 5 s"), (1, "exits with 1")],
)
def test_a_tool_that_is_there_but_does_not_work(tool: Path, code: int | None, words: str) -> None:
    assert words in str(trouble(GO, str(tool.parent), lambda _argv, _seconds: code))
    assert trouble(GO, str(tool.parent)) is None


def test_a_tool_that_is_not_there(tool: Path, tmp_path: Path) -> None:
    assert trouble(GO, str(tmp_path / "empty")) == "is not installed"
    tool.chmod(0o644)
    assert trouble(GO, str(tmp_path)) == f"is not executable ({tool})"


def test_a_service_with_a_missing_tool(install, tmp_path: Path) -> None:
    install(
        "@hookimpl\ndef stack_info(): return StackInfo('s', 'S', tools=(Tool('sh', ''), Tool('no-such', 'get it')))\n"
        "@hookimpl\ndef stack_start(service, place): pass\n"
    )
    host = Host.load(None, environ={})
    missing = routing.missing_tools(host, Service("x", tmp_path, stack="s"))
    assert missing == [Tool("no-such", "get it")]
    assert routing.missing_tools(host, Service("x", tmp_path)) == []
