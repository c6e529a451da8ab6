"""Tasks for what runs: status, stop, restart and wait, and several of them in a row."""

from __future__ import annotations

import json
import time
from pathlib import Path

from answers import AGO, EVERYTHING, receipt, service
from desk import Desk, golden
from fakes import canned, refusing

from hybrid_tasks.errors import NotRunning, WrongInput
from hybrid_tasks.model.events import Event


def test_status_is_a_table(desk: Desk) -> None:
    moment = time.time() - AGO
    document = {
        "schema": 1,
        "project": "shop",
        "mode": "hybrid",
        "supervisor": {"pid": 1, "since": 0.0},
        "services": [
            status
            | {"since": status["since"] and moment, "swap": status["swap"] and {**status["swap"], "since": moment}}
            for status in EVERYTHING
        ],
        "configuration_changed": True,
        "warnings": ["`.env` can be read by everybody: chmod 600 .env"],
    }
    with desk.supervised({"status": canned(document, 1)}):
        done = desk.run("dev-status")
        as_json = desk.run("dev-status", "--json")
    golden("status", done.stdout)
    assert (done.returncode, done.stderr) == (1, "")
    assert json.loads(as_json.stdout) == document
    assert as_json.returncode == 1


def test_status_of_nothing_exits_with_3_and_starts_nothing(desk: Desk) -> None:
    done = desk.run("dev-status")
    assert done.returncode == 3
    assert done.stderr == "error: nothing runs here\n hint: start it with `inv dev-start`\n"
    assert not (Path(desk.environ["XDG_STATE_HOME"])).exists()


def test_stop_says_what_it_stopped(desk: Desk) -> None:
    note = Event("note", 0.0, None, {"text": "`web` needs it and is stopped as well"})
    answer = {"services": [service("web", "stopped"), service("api", "stopped")]}
    with desk.supervised({"stop": canned(answer, 0, note)}) as fake:
        done = desk.run("dev-stop", "api")
        as_json = desk.run("dev-stop", "--json")
    golden("stop", done.stdout)
    assert (done.returncode, done.stderr) == (0, "")
    assert fake.asked("stop")[0] == {"services": ("api",), "kill": False}
    assert [entry["name"] for entry in json.loads(as_json.stdout)["services"]] == ["web", "api"]


def test_stop_ends_a_supervisor_of_another_version(desk: Desk) -> None:
    newer = NotRunning("the running supervisor and this command are of different versions (protocol 2 and 1)")
    with desk.supervised({"stop": refusing(newer), "shutdown": canned({})}) as fake:
        done = desk.run("dev-stop")
    assert (done.returncode, done.stdout) == (0, "ended the supervisor and all that it ran\n")
    assert [request.op for request in fake.requests] == ["stop", "shutdown"]


def test_a_task_name_starts_the_next_task(desk: Desk) -> None:
    answers = {"stop": canned({"services": []}), "start": canned({"services": [service("web")], "receipts": []})}
    with desk.supervised(answers) as fake:
        done = desk.run("dev-stop", "dev-start", "web")
    assert done.returncode == 0
    assert [(request.op, request.args["services"]) for request in fake.requests] == [("stop", ()), ("start", ("web",))]


def test_a_failed_task_is_the_last(desk: Desk) -> None:
    with desk.supervised({"stop": refusing(WrongInput("no")), "start": canned({})}) as fake:
        assert desk.run("dev-stop", "dev-start").returncode == 2
    assert [request.op for request in fake.requests] == ["stop"]


def test_restart_and_wait_pass_their_flags(desk: Desk) -> None:
    fresh = service("web", since=time.time() + 60)
    answer = canned({"services": [fresh], "receipts": [receipt("web")]})
    with desk.supervised({"restart": answer, "wait": answer}) as fake:
        restart = desk.run("dev-restart", "web", "--timeout", "5")
        wait = desk.run("dev-wait", "web")
        desk.run("dev-wait", "--reload", "web")
        as_json = desk.run("dev-wait", "--json")
    assert fake.asked("restart") == [{"services": ("web",), "timeout": 5.0}]
    assert fake.asked("wait")[:2] == [{"services": ("web",), "reload": on, "timeout": 120.0} for on in (False, True)]
    assert restart.stdout == wait.stdout == "web  http://127.0.0.1:8000  healthy in 0.8 s\n"
    assert json.loads(as_json.stdout)["result"] == "live"


def test_wait_never_starts_anything(desk: Desk) -> None:
    done = desk.run("dev-wait", "--reload")
    assert (done.returncode, done.stdout) == (3, "")
    assert not (Path(desk.environ["XDG_STATE_HOME"])).exists()


STAGES = [{"name": name, "ms": ms, "ok": True} for name, ms in (("plan", 3.1), ("launch", 60.2), ("switch", 1.0))]


def test_a_reload_is_told_with_its_stages(desk: Desk) -> None:
    now = time.time()
    saved = {"trigger": "save", "files": ["web/app.py", "web/b.py"], "stages": STAGES, "ended": now, "note": "cold: x"}
    bad = {"trigger": "save", "files": ["api/m.go"], "ended": now, "error": "./m.go:3:5: undefined: x", "id": "r7"}
    answer = {
        "configuration_changed": True,
        "services": [
            service("web"),
            service("worker"),
            service("undone"),
            service("api", stale=True),
            service("dead", "crashed", detail="ended with 1"),
            service("slow", "waiting", detail="waits for api"),
        ],
        "receipts": [
            receipt("web", **saved),
            receipt("worker", **saved | {"ended": now - 3600}),
            receipt("undone", "unchanged", ended=now),
            receipt("api", "failed", **bad),
            receipt("dead", "failed", **bad),
        ],
    }
    with desk.supervised({"wait": canned(answer, 1)}):
        done = desk.run("dev-wait", "--reload")
        as_json = desk.run("dev-wait", "--reload", "--json")
    golden("reloaded", done.stdout)
    assert done.returncode == 1
    assert [json.loads(line) for line in as_json.stdout.splitlines()] == answer["receipts"]
