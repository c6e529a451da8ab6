"""What the end of a service is answered with: by its rule, visible in `dev-status`."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path
from typing import Any

import pytest
from seat import ask, output, plain, reloaded, services, started, state
from shop import receipts
from waiting import until

from hybrid_tasks.testing.project import Project

pytestmark = [pytest.mark.needs("linux"), pytest.mark.timeout(180)]

RUNS = 'dir = "a"\ncommand = ["sh", "-c", "echo up; exec sleep 1000"]\n'


def crashes(code: int) -> str:
    """A service that comes up, and ends with a code once somebody writes `end`."""
    body = f"echo up; until test -e ../end; do sleep 0.02; done; echo last words; exit {code}"
    return f'dir = "a"\ncommand = ["sh", "-c", "{body}"]\nhealth = {{log = "^up$"}}\n'


@pytest.fixture(autouse=True)
def _source(project: Project) -> None:
    project.write("a/source", "1")


def end(project: Project) -> None:
    project.write("end", "")


def shown(project: Project, service: str, text: str) -> dict[str, Any]:
    """Wait until the status of a service says something."""

    def says() -> dict[str, Any] | None:
        one = services(project)[service]
        return one if text in one["detail"] else None

    found = until(says, timeout=20)
    assert found
    return found


def test_a_crash_is_answered_with_pauses_that_double_and_are_shown(project: Project) -> None:
    plain(project, {"web": crashes(3)})
    started(project)
    end(project)
    for pause in ("0.5", "1", "2"):
        one = shown(project, "web", f"starts again in {pause} s")
        assert one["state"] == "crashed"
        assert one["healthy"] is False
        assert "ended with 3" in one["detail"]
        assert ask(project, "status")[1] == 1
    done = project.inv("dev-status")
    assert done.code == 1
    assert "ended with 3" in done.out
    (project.root / "end").unlink()
    until(lambda: state(project, "web") == "running", timeout=20)
    assert services(project)["web"]["restarts"] >= 1


def test_the_user_who_acts_starts_the_pauses_anew(project: Project) -> None:
    plain(project, {"web": crashes(3)})
    started(project)
    end(project)
    shown(project, "web", "starts again in 2 s")
    (project.root / "end").unlink()
    assert project.inv("dev-restart", "web").code == 0
    end(project)
    shown(project, "web", "starts again in 0.5 s")


def test_never_waits_for_a_change_and_a_save_is_one(project: Project) -> None:
    plain(project, {"web": crashes(3) + 'restart = "never"'})
    started(project)
    end(project)
    shown(project, "web", "ended with 3: last words; waits for a change")
    assert project.inv("dev-wait").code == 1
    (project.root / "end").unlink()
    project.write("a/source", "2")
    assert reloaded(project)[1] == 0
    assert state(project, "web") == "running"


@pytest.mark.parametrize("rule", ["auto", "never"])
def test_exit_0_is_finished(project: Project, rule: str) -> None:
    plain(project, {"job": crashes(0) + f'restart = "{rule}"', "web": RUNS + 'needs = ["job"]'})
    started(project)
    end(project)
    until(lambda: state(project, "job") == "finished")
    assert ask(project, "status")[1] == 0, "a job that is done is as good as one that runs"
    assert project.inv("dev-wait").code == 0
    assert output(project, "job").count("up") == 1
    assert project.inv("dev-restart", "job").code == 0
    assert output(project, "job").count("up") == 2, "restarted because somebody asked"


def test_exit_0_with_always_is_started_again(project: Project) -> None:
    plain(project, {"web": crashes(0) + 'restart = "always"'})
    started(project)
    end(project)
    shown(project, "web", "ended with 0: last words; starts again in 0.5 s")
    (project.root / "end").unlink()
    until(lambda: state(project, "web") == "running")


def test_bug_2_a_job_that_is_done_at_once_is_finished_and_not_crashed(project: Project) -> None:
    plain(project, {"job": 'dir = "a"\ncommand = ["echo", "done"]', "web": RUNS + 'needs = ["job"]'})
    started(project)
    assert {name: one["state"] for name, one in services(project).items()} == {"job": "finished", "web": "running"}


def test_a_service_that_was_never_healthy_waits_for_a_change(project: Project) -> None:
    plain(project, {"web": 'dir = "a"\ncommand = ["sh", "-c", "echo no such table >&2; exit 4"]'})
    done = project.inv("dev-start")
    assert done.code == 1
    assert "no such table" in done.out + done.err
    one = services(project)["web"]
    assert one["state"] == "crashed"
    assert one["detail"] == "it ended with 4 before it was healthy: no such table; waits for a change"
    assert output(project, "web") == "no such table\n", "it is not tried again and again"


def test_bug_3_a_crash_is_seen_at_once_though_something_of_the_service_lives_on(project: Project) -> None:
    """The supervisor waited for the grace of what the program had left behind before it said anything."""
    body = "(trap '' TERM; sleep 1000) & echo up; exec sleep 1000"
    table = (
        f"""command = ["sh", "-c", "{body}"]\nhealth = {{log = "^up$"}}\nstop = {{grace = 20}}\nrestart = "never"\n"""
    )
    plain(project, {"web": table + 'dir = "a"'})
    started(project)
    os.kill(services(project)["web"]["pid"], signal.SIGKILL)
    shown(project, "web", "ended by SIGKILL: up; waits for a change")
    assert project.survivors() != []
    assert project.inv("dev-stop", "--kill").code in {0, 1, 2}


@pytest.mark.parametrize(("rule", "more"), [("always", ""), ("auto", "port = {port}\n")])
def test_who_ends_with_0_too_early_is_finished_only_by_its_rule_and_without_a_port(
    project: Project, port: int, rule: str, more: str
) -> None:
    table = 'dir = "a"\ncommand = ["sh", "-c", "echo up; exit 0"]\nhealth = {alive = true}\n'
    plain(project, {"web": f'{table}restart = "{rule}"\n{more.format(port=port)}'})
    project.inv("dev-start", "--timeout", "60")
    one = shown(project, "web", "ended with 0")
    assert one["state"] == "crashed"
    assert ask(project, "status")[1] == 1


def test_waiting_for_a_job_that_has_run_its_source_is_over_at_once(project: Project) -> None:
    plain(project, {"job": 'dir = "a"\ncommand = ["cat", "source"]\n'})
    started(project)
    for word in ("one", "two"):
        assert reloaded(project)[1] == 0
        assert project.inv("dev-status").code == 0
        project.write("a/source", f"{word}\n")
    assert reloaded(project)[1] == 0
    assert output(project, "job") == "1one\ntwo\n"


def test_bug_only_optional_services_that_are_blocked_were_a_failure(project: Project) -> None:
    project.environ["PATH"] = "/nonexistent"
    plain(project, {"lacking": 'dir = "a"\nstack = "go"\noptional = true\n'})
    project.write("a/go.mod", "module x\n")
    project.write("a/main.go", "package main\nfunc main() {}\n")
    done = project.inv("dev-start")
    assert done.code == 0, done.out + done.err
    done = project.inv("dev-status")
    assert (done.code, done.out.count("blocked")) == (0, 1)


def test_bug_a_start_that_went_well_was_told_with_the_error_of_the_one_before(project: Project, tmp_path: Path) -> None:
    """What is changed between the two is not its source, and it is healthy at once."""
    flag = tmp_path / "flag"
    body = f"test -e {flag} || exit 3; exec sleep 1000"
    plain(project, {"flaky": f'dir = "a"\ncommand = ["sh", "-c", "{body}"]\n'})
    failed = project.inv("dev-start", "--json")
    assert failed.code == 1
    flag.touch()
    done = project.inv("dev-start", "--json")
    assert done.code == 0, done.out + done.err
    before, after = json.loads(failed.out), json.loads(done.out)
    assert (before["result"], after["result"]) == ("failed", "live"), after
    assert after["to"] == services(project)["flaky"]["last_receipt"]["to"]


def test_bug_two_versions_that_fail_alike_were_told_twice(project: Project, tmp_path: Path) -> None:
    flag = tmp_path / "flag"
    flag.touch()
    body = f"test -e {flag} || exit 3; exec sleep 1000"
    plain(project, {"web": f'dir = "a"\ncommand = ["sh", "-c", "{body}"]\n'})
    started(project)
    flag.unlink()
    project.write("a/source", "2")
    assert reloaded(project)[1] == 1
    [save] = [receipt for receipt in receipts(project) if receipt["trigger"] == "save"]
    assert save["error"] == "it ended with 3 before it was healthy, as did the version before"


def test_bug_a_program_that_is_not_installed_was_said_to_wait_for_a_change(project: Project, tmp_path: Path) -> None:
    tools = tmp_path / "tools"
    tools.mkdir()
    project.environ["PATH"] += f":{tools}"
    plain(project, {"ui": 'dir = "a"\ncommand = ["no-such-program", "run"]\n'})
    done = project.inv("dev-start")
    assert done.code == 1
    hint = "install it, or add its directory to PATH (`inv dev-env ui` shows it)"
    assert done.out.startswith(f"ui  blocked: `no-such-program` was not found\n    hint: {hint}\n"), "one line"
    assert "change" not in done.out
    assert done.out.count("was not found") == 1, "and it is told once"
    (tools / "no-such-program").write_text("#!/bin/sh\nexec sleep 1000\n")
    (tools / "no-such-program").chmod(0o755)
    started(project)
    assert state(project, "ui") == "running"
