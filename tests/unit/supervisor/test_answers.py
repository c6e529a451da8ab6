"""What is answered from the configuration alone."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hybrid_tasks.control.messages import Request
from hybrid_tasks.model.plan import Place
from hybrid_tasks.plugin import routing
from hybrid_tasks.supervisor.answers import ANSWERS, environment
from hybrid_tasks.supervisor.loaded import Loaded

WEB = '[services.web]\ncommand = ["{python}", "-V"]\nport = 8123\n{more}\n[services.web.env]\nPORT = "1"\n'


@pytest.mark.parametrize(("more", "name"), [("", "PORT"), ('port_env = "HTTP_PORT"', "HTTP_PORT")])
def test_the_port_was_missing_from_every_environment_but_the_instances(
    shop: Callable[[str], Loaded], tmp_path: Path, more: str, name: str
) -> None:
    loaded = shop(WEB.format(python=sys.executable, more=more))
    service = loaded.project.services["web"]

    def ask(op: str, **args: object) -> Any:
        return ANSWERS[op](loaded, Request(op, {"service": "web", **args}, {"PATH": "/bin"}))

    plan = routing.start_plan(loaded.host, service, Place(tmp_path, service.port, service.host))
    started = {**environment(loaded, service, {"PATH": "/bin"}), **plan.program.env}
    told = [variable for variable in ask("env")["variables"] if variable["name"] == name]
    assert [(one["value"], one["source"]) for one in told] == [("8123", "services.web.port")]
    assert ask("exec", words=("true",))["env"][name] == started[name] == "8123"
    assert {one["name"]: one["value"] for one in ask("env")["variables"]} == started


def test_without_a_port_there_is_no_variable_for_it(shop: Callable[[str], Loaded]) -> None:
    loaded = shop(f'[services.web]\ncommand = ["{sys.executable}", "-V"]\n')
    assert "PORT" not in environment(loaded, loaded.project.services["web"], {})
