"""The native runtime: one process a service, and words run as they are."""

from __future__ import annotations

from pathlib import Path

import hybrid_runtime_native as runtime
import pytest

from hybrid_tasks.api import Command, Endpoint, RunPlan, Service, StartPlan, Target
from hybrid_tasks.plugin import routing
from hybrid_tasks.plugin.host import Host


def test_each_service_is_one_program(tmp_path: Path) -> None:
    one, two = Service("one", tmp_path), Service("two", tmp_path / "two")
    plans = {name: StartPlan(Command((name,), tmp_path)) for name in ("one", "two")}
    expected = (RunPlan((one,), main=plans["one"].program), RunPlan((two,), main=plans["two"].program))
    assert runtime.runtime_plan((one, two), plans) == expected
    host = Host.load(None, environ={})
    assert routing.run_plans(host, (one, two), plans, {"one": {}, "two": {}}) == expected
    assert routing.stop_commands(host, (one, two)) == ()
    assert routing.log_follower(host, one, 0.0) is None


def test_words_run_as_they_are_in_the_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    host, given = Host.load(None, environ={}), Service("one", tmp_path)
    words = ("python", "-c", "print('a  b')", "--help", "")
    assert routing.exec_command(host, given, words, terminal=True) == Command(words, tmp_path)
    monkeypatch.setenv("SHELL", "/bin/fancy")
    assert routing.exec_command(host, given, (), terminal=True) == Command(("/bin/fancy",), tmp_path)
    monkeypatch.delenv("SHELL")
    assert routing.exec_command(host, given, (), terminal=False) == Command(("/bin/sh",), tmp_path)


def test_addresses_on_this_machine(tmp_path: Path) -> None:
    host, endpoint = Host.load(None, environ={}), Endpoint("http", 8080)
    assert routing.target(host, Service("one", tmp_path), endpoint, "native") == Target("127.0.0.1", 8080)
    everywhere = Service("one", tmp_path, host="0.0.0.0")
    assert routing.target(host, everywhere, endpoint, "native") == Target("127.0.0.1", 8080)
    assert routing.target(host, everywhere, endpoint, "compose") is None


def test_the_built_in_plugins_load_by_their_entry_points() -> None:
    host = Host.load(None, environ={})
    ours = [record for record in host.plugins if record.distribution == "hybrid-tasks"]
    assert {record.name: record.trouble for record in ours} == {
        "caddy": None,
        "go": None,
        "native": None,
        "python": None,
        "rust": None,
    }
    assert {"go", "python", "rust"} <= set(host.stacks)
    assert "native" in host.runtimes
