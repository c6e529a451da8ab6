"""What people are told of a real project: its configuration, its log, its receipts."""

from __future__ import annotations

import json
import os
import re

import pytest
from kills import gone, kill, supervisors
from seat import plain, reloaded, services, started
from shop import app, python_service, receipts
from waiting import until

from hybrid_tasks.testing.project import Project

SECRETS = """
[services.web]
command = ["sleep", "60"]
[services.web.env]
API_TOKEN = "t0p-secret"
DB_URL = "postgres://joe:hunter2@db/x"
"""


def test_bug_dev_config_printed_the_secrets_of_an_env_table(project: Project) -> None:
    project.write("hybrid.toml", SECRETS)
    for words in ((), ("--json",)):
        told = project.inv("dev-config", *words).out
        assert "API_TOKEN" in told
        assert "t0p-secret" not in told
        assert "hunter2" not in told
    assert "t0p-secret" in project.inv("dev-config", "--show-secrets").out


@pytest.mark.parametrize("ends_with", [0, 1])
def test_bug_every_exec_probe_left_a_log(project: Project, ends_with: int) -> None:
    asks = f"echo asked >> asked; test -e well || exit {ends_with}"
    project.write("web/well", "")
    health = f'health = {{exec = ["sh", "-c", "{asks}"], interval = 0.05, retries = 1000}}'
    plain(project, {"web": f'dir = "web"\ncommand = ["sleep", "60"]\nignore = ["*"]\n{health}'})
    started(project)
    (project.root / "web" / "well").unlink()
    asked = project.root / "web" / "asked"
    before = len(asked.read_text().split())
    until(lambda: len(asked.read_text().split()) > before + 10, 30)
    folder = project.root / ".hybrid" / "logs" / "web"
    assert len(list(folder.glob("*-probe-*.log"))) <= 2  # the last that failed, and one under way
    assert [job["role"] for job in json.loads((folder / "current.json").read_text())["jobs"]] == ["instance"]
    project.inv("dev-stop")
    assert len(list(folder.glob("*-probe-*.idx"))) <= 2


def test_bug_the_log_did_not_say_what_happened_to_a_service(project: Project, port: int) -> None:
    main = python_service(project, port)
    started(project)
    main.write_text(app("one"))
    assert reloaded(project)[1] == 0
    main.write_text("import nowhere\n")
    assert reloaded(project)[1] == 1
    main.write_text(app("two"))
    assert reloaded(project)[1] == 0
    os.kill(services(project)["web"]["pid"], 9)
    until(lambda: services(project)["web"]["restarts"] == 1)
    kill(supervisors(project))
    gone(project, 10)
    events = [json.loads(line) for line in project.inv("dev-logs", "--json").out.splitlines()]
    ids = {receipt["id"] for receipt in receipts(project)}
    told = [event for event in events if event["stream"] == "event"]
    assert {event["receipt"] for event in told if event["event"] != "crashed"} <= ids
    lines = [re.sub(r"\d+ ms|\d\.\d s|\(receipt .*\)", "…", event["text"]) for event in told]
    assert lines == [
        "started: … …",
        "live again: web/main.py saved, … …",
        "save failed, the version before goes on: web/main.py:1: ModuleNotFoundError: No module named 'nowhere' …",
        "live again: web/main.py saved, … …",
        "crashed by SIGKILL, starts again in …",
        "started again: it ended by SIGKILL, … …",
    ]
    shown = project.inv("dev-logs").out
    assert "web | -- live again: web/main.py saved, " in shown
    assert "ModuleNotFoundError: No module named 'nowhere'\nweb | -- save failed, " in shown, "behind what it is about"
    assert "-- " not in project.inv("dev-logs", "--no-events").out
