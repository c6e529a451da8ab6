"""`inv dev-start` through the real `inv`: what it asks for, what it says, and its plan."""

from __future__ import annotations

import json
import time

import pytest
from answers import AGO, EVERYTHING, receipt, service
from desk import Desk, golden
from fakes import canned

from hybrid_tasks.model.events import Event

STARTED = {
    "receipts": [
        receipt("web"),
        receipt("api", "failed", error="# shop/api\n./main.go:3:5: undefined: x\n./main.go:9:1: missing return"),
        receipt(
            "mailer",
            "failed",
            error="Traceback (most recent call last):\nKeyError: 'SMTP'",
            stages=[{"name": "probe", "ms": 1, "ok": False}],
        ),
    ],
    "services": EVERYTHING,
}


def test_start_shows_addresses_first_and_then_what_is_in_the_way(desk: Desk) -> None:
    events = [
        Event("note", 0.0, None, {"text": "restored what ran before: web"}),
        Event("stage", 0.0, "web", {"stage": "build"}),
        Event("state", 0.0, "web", service("web")),
        Event("receipt", 0.0, "web", receipt("web")),
        Event("receipt", 0.0, "api", {"result": "failed"}),
    ]
    since = {"web": time.time() + 60, "tried": time.time() - AGO}  # one came up, one ran already
    services = [status | {"since": since.get(status["name"])} for status in EVERYTHING]
    with desk.supervised({"start": canned({**STARTED, "services": services}, 1, *events)}) as fake:
        done = desk.run("dev-start", "web", "api")
    golden("start", done.stdout)
    assert done.stderr == ""
    assert done.returncode == 1
    assert fake.asked("start") == [
        {
            "services": ("web", "api"),
            "mode": None,
            "all": False,
            "build": False,
            "timeout": 120.0,
            "dry_run": False,
            "attached": False,
        }
    ]
    assert fake.requests[0].env is not None
    assert fake.requests[0].env["HOME"] == desk.environ["HOME"]


def test_every_flag_of_start_reaches_the_supervisor(desk: Desk) -> None:
    with desk.supervised({"start": canned({"services": [service("web")], "receipts": []})}) as fake:
        done = desk.run("dev-start", "--mode", "hybrid", "--build", "web", "--all", "--timeout=2m")
    assert (done.returncode, done.stderr) == (0, "")
    (args,) = fake.asked("start")
    assert (args["mode"], args["build"], args["all"], args["timeout"]) == ("hybrid", True, True, 120.0)
    assert args["services"] == ("web",)


def test_start_in_json_is_one_receipt_a_line(desk: Desk) -> None:
    note = Event("note", 0.0, None, {"text": "restored what ran before: web"})
    with desk.supervised({"start": canned(STARTED, 1, note)}):
        done = desk.run("dev-start", "--json")
    assert [json.loads(line)["service"] for line in done.stdout.splitlines()] == ["web", "api", "mailer"]
    assert done.stderr == "restored what ran before: web\n"
    assert done.returncode == 1


PLAN = {
    "plan": [
        {
            "service": "api",
            "wave": 0,
            "action": "start",
            "build": ["go", "build", "-o", "next"],
            "command": ["./next", "a b"],
            "cwd": "/srv/api",
            "why": "",
        },
        {
            "service": "engine",
            "wave": 0,
            "action": "blocked",
            "build": None,
            "command": [],
            "cwd": "/srv/engine",
            "why": "blocked: `cargo` is missing",
        },
        {
            "service": "web",
            "wave": 1,
            "action": "start",
            "build": None,
            "command": ["uvicorn", "--fd", "3"],
            "cwd": "/srv/web",
            "why": "",
        },
    ]
}


@pytest.mark.parametrize("words", [["dev-start", "--dry-run"], ["--dry", "dev-start"]])
def test_a_dry_run_prints_the_plan(desk: Desk, words: list[str]) -> None:
    with desk.supervised({"start": canned(PLAN)}) as fake:
        done = desk.run(*words)
    golden("plan", done.stdout)
    assert fake.asked("start")[0]["dry_run"] is True


def test_a_dry_run_in_json(desk: Desk) -> None:
    with desk.supervised({"start": canned(PLAN)}):
        assert json.loads(desk.run("dev-start", "--dry-run", "--json").stdout) == PLAN
