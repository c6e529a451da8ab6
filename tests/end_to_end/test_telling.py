"""What people are told of a real project: its configuration, its log, its receipts."""

from __future__ import annotations

import json
import os
import re
import shutil

import pytest
from kills import gone, kill, supervisors
from seat import output, plain, reloaded, services, started
from shop import app, python_service, receipts
from terminals import ended, press_ctrl_c, terminal
from waiting import until

from hybrid_tasks.testing.project import Project, get

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
    assert {event["receipt"] for event in told if event["event"] not in {"crashed", "lost"}} <= ids
    lines = [re.sub(r"\d+ ms|\d\.\d s|\(receipt .*\)", "…", event["text"]) for event in told]
    lines = [re.sub(", (warm|cold: [a-z ]+)(?= …$)", "", line) for line in lines]
    assert lines == [
        "started: … …",
        "live again: web/main.py saved, … …",
        "save failed, the version before goes on: web/main.py:1: ModuleNotFoundError: No module named 'nowhere' …",
        "live again: web/main.py saved, … …",
        "crashed by SIGKILL, starts again in …",
        "started again: it ended by SIGKILL, … …",
        "ended, because its supervisor had died: `inv dev-start` restores what ran",
    ]
    shown = project.inv("dev-logs").out
    assert "web | -- live again: web/main.py saved, " in shown
    assert shown.index("nowhere'\n") < shown.index("web | -- save failed, "), "behind what it is about"
    assert "-- " not in project.inv("dev-logs", "--no-events").out


BUILT = """dir = "web"
build = ["sh", "-c", "echo built from $(cat source); grep -q good source && cp source {artefact}"]
command = ["sh", "-c", "echo runs; exec sleep 1000"]
"""
BEFORE = r"web: live in (?:\d+ ms|\d\.\d s) \(plan \d+, build \d+, retire \d+, launch \d+, probe \d+, switch \d+\), "


def test_receipts_are_told_and_the_log_around_them(project: Project) -> None:
    source = project.write("web/source", "good one\n")
    project.write("calm/source", "calm\n")
    plain(project, {"web": BUILT, "calm": 'dir = "calm"\ncommand = ["sh", "-c", "cat source; exec sleep 1000"]'})
    started(project)
    source.write_text("good two\n")
    done = project.inv("dev-wait", "--reload", "web")
    assert re.fullmatch(BEFORE + "web/source saved\n", done.out), done.out
    [live] = [json.loads(line) for line in project.inv("dev-wait", "--reload", "web", "--json").out.splitlines()]
    assert live == receipts(project)[-1]
    assert live["at"] < live["ended"] < live["at"] + 60
    source.write_text("bad\n")
    done = project.inv("dev-wait", "--reload")
    failed = receipts(project)[-1]["id"]
    assert done.out.splitlines() == [
        "web: failed in build, web/source saved; the version before goes on",
        "    build failed:",
        "      built from bad",
        f"    log:  inv dev-logs --at {failed}",
        "calm: live, nothing to do",
    ]
    status = project.inv("dev-status").out
    assert "  web: the last save failed: built from bad\n" in status
    assert f"    log:  inv dev-logs --at {failed}\n" in status, "the same hint"
    assert re.search(r"^web +running .* stale +replace failed", status, re.MULTILINE)
    project.inv("dev-stop")
    about = project.inv("dev-logs", "--at", live["id"][:-1])
    assert "web | built from good two\n" in about.out, "the output of a build that went well"
    assert "web | -- live again: web/source saved, " in about.out
    assert "built from good one" not in about.out
    assert "calm" not in about.out
    assert re.fullmatch(BEFORE + rf"web/source saved \(receipt {live['id']}\)\n", about.err)
    about = project.inv("dev-logs", "--at", "last")
    assert "web | built from bad\n" in about.out
    assert f"save failed, the version before goes on: built from bad (receipt {failed})\n" in about.out
    assert about.err == f"web: failed in build, web/source saved (receipt {failed})\n"
    assert project.inv("dev-logs", "calm", "--at", "last").out.startswith("calm | calm\n")
    done = project.inv("dev-logs", "--at", "nope")
    assert (done.code, done.out) == (2, "")
    assert failed in done.err


def test_bug_waiting_for_what_nobody_started_was_a_success(project: Project) -> None:
    plain(project, {"web": 'command = ["sleep", "1000"]', "api": 'command = ["sleep", "1000"]'})
    started(project, "web")
    for words in (("dev-wait", "api"), ("dev-wait", "--reload", "web", "api")):
        done = project.inv(*words)
        assert (done.code, done.err) == (3, "error: not started: api\n hint: inv dev-start api\n")


def test_bug_restart_of_nothing_started_everything(project: Project) -> None:
    plain(project, {"web": 'command = ["sleep", "1000"]'})
    done = project.inv("dev-restart")
    assert (done.code, done.err) == (3, "error: nothing runs here\n hint: start it with `inv dev-start`\n")
    assert supervisors(project) == []
    started(project)
    kill(supervisors(project))
    gone(project, 10)
    for words in (("dev-restart",), ("dev-restart", "web"), ("dev-status",), ("dev-wait",)):
        done = project.inv(*words)
        told = "nothing runs here: the supervisor ended without `inv dev-stop`"
        assert (done.code, done.err) == (3, f"error: {told}\n hint: `inv dev-start` restores what ran: web\n")


def test_an_edit_of_the_configuration_is_told_by_a_wait(project: Project) -> None:
    plain(project, {"web": 'command = ["sleep", "1000"]'})
    started(project)
    assert "configuration changed" not in project.inv("dev-wait").out
    plain(project, {"web": 'command = ["sleep", "1001"]'})
    for words in ((), ("--reload",)):
        done = project.inv("dev-wait", *words)
        assert done.code == 0
        assert done.out.endswith("configuration changed: the next `inv dev-start` or `inv dev-restart` reads it\n")


def test_bug_a_version_on_trial_was_not_told(project: Project, port: int) -> None:
    main = python_service(project, port)
    started(project)
    main.write_text("import pathlib, time\nwhile not pathlib.Path('go').exists():\n    time.sleep(0.01)\n" + app("one"))
    until(lambda: (services(project)["web"]["swap"] or {}).get("stage") == "probe")
    status = project.inv("dev-status").out
    assert re.search(r"^web +running .* healthy .* on trial ", status, re.MULTILINE), status
    assert services(project)["web"]["state"] == "running", "the version before serves"
    project.write("web/go", "")
    assert reloaded(project)[1] == 0
    assert services(project)["web"]["swap"] is None
    assert re.search(r"^web +running .* healthy .* live +beside \d", project.inv("dev-status").out, re.MULTILINE)


def test_bug_the_log_was_flooded_by_answers_to_our_own_probes(project: Project, port: int) -> None:
    python_service(project, port)
    file = project.root / "hybrid.toml"
    file.write_text(file.read_text().replace("timeout = 1", "timeout = 1, interval = 0.1"))
    started(project)

    def answers(*words: str) -> int:
        return project.inv("dev-logs", *words).out.count("GET /healthz")

    until(lambda: output(project, "web").count("GET /healthz") > 5)
    assert answers() == 0
    get(port, "/healthz")
    until(lambda: answers() == 1)  # a client that asks the same is not us
    assert answers("--probes") > 5
    lines = [json.loads(line) for line in project.inv("dev-logs", "--json").out.splitlines()]
    asked = [line for line in lines if "GET /healthz" in line["text"]]
    assert [line.get("probe") for line in asked].count(None) == 1
    assert output(project, "web").count("GET /healthz") >= len(asked), "the file has them all"


def test_bug_the_foreground_was_blank_where_services_ran_already(project: Project) -> None:
    plain(project, {"web": 'command = ["sh", "-c", "echo said long ago; exec sleep 1000"]'})
    started(project)
    with terminal(project, "dev-start", "--foreground") as child:
        child.expect_exact("ran already: web; the last lines of each:\r\n")
        child.expect_exact("said long ago")
        child.expect_exact("-- started: ")
        child.expect_exact("the log follows; Ctrl+C stops all services")
        project.write("source", "1")
        child.expect_exact("-- live again: source saved, ")
        press_ctrl_c(child, 1)
        assert ended(child) == 130


def test_bug_the_foreground_had_colours_where_nobody_wants_them(project: Project) -> None:
    plain(project, {"web": 'command = ["sh", "-c", "echo hello; exec sleep 1000"]'})
    project.environ["NO_COLOR"] = "1"
    with terminal(project, "dev-start", "--foreground") as child:
        child.expect_exact("web | hello")
        assert "\x1b[3" not in child.before
        press_ctrl_c(child, 1)
        assert ended(child) == 130


def test_a_log_that_cannot_be_written_is_shown_in_the_status(project: Project) -> None:
    plain(project, {"web": 'command = ["sh", "-c", "while :; do echo tick; sleep 0.02; done"]'})
    started(project)
    folder = project.root / ".hybrid/logs/web"
    shutil.rmtree(folder)
    folder.write_text("in the way")
    words = "log cannot be written: Not a directory"
    until(lambda: services(project)["web"]["remarks"] == [words])
    assert f"  web: {words}\n" in project.inv("dev-status").out
    folder.unlink()
    until(lambda: services(project)["web"]["remarks"] == [])
    until(lambda: "tick" in output(project, "web"))


def test_bug_a_start_of_what_ran_told_how_long_the_first_one_had_taken(project: Project) -> None:
    plain(project, {"web": 'command = ["sleep", "1000"]'})
    assert re.search(r"^web +healthy in ", project.inv("dev-start").out, re.MULTILINE)
    assert re.search(r"^web +healthy since ", project.inv("dev-start").out, re.MULTILINE)
    assert re.search(r"^web +healthy in ", project.inv("dev-restart").out, re.MULTILINE)
