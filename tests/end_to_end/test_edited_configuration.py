"""Edits of `hybrid.toml` while services run: said by `dev-status`, taken by the next command that acts, harmless if wrong."""

from __future__ import annotations

from typing import Any

import pytest
from seat import ask, output, plain, reloaded, services, started, state

from hybrid_tasks.testing.project import Done, Project

pytestmark = [pytest.mark.needs("linux"), pytest.mark.timeout(180)]


def says(word: str, more: str = "") -> str:
    return f'dir = "web"\ncommand = ["sh", "-c", "echo {word} $EXTRA; exec sleep 1000"]\n{more}'


OTHER = 'dir = "other"\ncommand = ["sleep", "1000"]\n'


@pytest.fixture(autouse=True)
def _running(project: Project) -> None:
    project.write("web/source", "1")
    project.write("other/source", "1")
    plain(project, {"web": says("one"), "other": OTHER})
    started(project)


def document(project: Project) -> dict[str, Any]:
    return ask(project, "status")[0]


@pytest.mark.parametrize("command", ["dev-start", "dev-restart"])
def test_an_edit_is_said_and_taken_by_the_next_command(project: Project, command: str) -> None:
    other = services(project)["other"]["pid"]
    plain(project, {"web": says("two", 'env = {EXTRA = "more"}'), "other": OTHER})
    assert document(project)["configuration_changed"] is True
    done = project.inv("dev-status")
    assert "configuration changed" in done.out + done.err
    assert output(project, "web").split() == ["one"], "until then nothing changes"
    assert project.inv(command).code == 0
    assert output(project, "web").split() == ["one", "two", "more"]
    assert document(project)["configuration_changed"] is False
    if command == "dev-start":
        assert services(project)["other"]["pid"] == other, "what did not change runs on"


def test_a_save_goes_on_with_the_configuration_that_runs(project: Project) -> None:
    plain(project, {"web": says("two"), "other": OTHER})
    project.write("web/source", "2")
    assert reloaded(project)[1] == 0
    assert output(project, "web").split() == ["one", "one"]


def test_a_service_that_is_added_and_one_that_is_taken_away(project: Project) -> None:
    plain(project, {"web": says("one"), "new": 'command = ["sleep", "1000"]\n'})
    started(project)
    assert state(project, "new") == "running"
    assert state(project, "other") == "running", "what nobody asked to stop runs on"
    assert project.inv("dev-stop").code == 0
    assert project.survivors() == []


def test_bug_a_line_above_a_service_restarted_it(project: Project) -> None:
    before = services(project)["web"]["pid"]
    project.write("hybrid.toml", "# a word on all this\n\n" + (project.root / "hybrid.toml").read_text())
    started(project)
    assert services(project)["web"]["pid"] == before
    assert document(project)["configuration_changed"] is False


WRONG = """[services.web]
dir = "web"
comand = ["true"]
port = 70000

[services.web.health]
http = 3

[services.other]
command = "sleep 1000"
needs = ["nobody"]
"""


def told_wrong(done: Done) -> None:
    assert done.code == 2, done.out + done.err
    for words in ("hybrid.toml:3", "comand", "command", "hybrid.toml:4", "70000", "hybrid.toml:7", "nobody"):
        assert words in done.err, words
    assert "Traceback" not in done.err


@pytest.mark.parametrize("command", ["dev-start", "dev-restart", "dev-config", "dev-env"])
def test_a_wrong_edit_leaves_everything_running_and_names_every_mistake(project: Project, command: str) -> None:
    before = services(project)
    project.write("hybrid.toml", WRONG)
    told_wrong(project.inv(command, *(["web"] if command == "dev-env" else [])))
    after = services(project)
    for name in ("web", "other"):
        assert after[name]["pid"] == before[name]["pid"]
        assert after[name]["state"] == "running"
    assert document(project)["configuration_changed"] is True
    assert project.inv("dev-status").code == 0, "the status is told as ever"
    project.write("web/source", "2")
    assert reloaded(project)[1] == 0, "and saves are live"
    assert output(project, "web").split() == ["one", "one"]
    assert project.inv("dev-logs", "web").out.count("one") == 2
    plain(project, {"web": says("mended"), "other": OTHER})
    assert project.inv("dev-start").code == 0
    assert output(project, "web").split()[-1] == "mended"


def test_bug_a_broken_configuration_was_told_as_one_that_is_read_next(project: Project) -> None:
    assert document(project)["configuration_mistakes"] == []
    project.write("hybrid.toml", '[services.web]\ncommand = ["true"]\nprt = 1\nport = 70000\n')
    assert len(document(project)["configuration_mistakes"]) == 2
    for words in (("dev-status",), ("dev-wait",), ("dev-wait", "--reload")):
        done = project.inv(*words)
        assert done.code == 0
        told, hint = done.out.splitlines()[-2:]
        assert told.startswith("configuration changed, and it is wrong: hybrid.toml:3 services.web.prt"), told
        assert told.endswith("; 1 more; `inv dev-config` shows all")
        assert hint == "    hint: did you mean `port`?"
        assert "reads it" not in done.out
    project.write("hybrid.toml", '[services.web]\ndir = "nowhere"\n')
    assert "wrong: hybrid.toml:2 services.web.dir" in project.inv("dev-status").out
    project.write("nowhere/main.py", "")
    plain(project, {"web": says("two"), "other": OTHER})
    told = project.inv("dev-status").out
    assert "wrong" not in told
    assert "the next `inv dev-start` or `inv dev-restart` reads it" in told


@pytest.mark.parametrize("text", ["[services.web\n", "\0", "[services]\nweb = 3\n", ""])
def test_a_file_that_is_no_configuration_at_all(project: Project, text: str) -> None:
    before = services(project)["web"]["pid"]
    project.write("hybrid.toml", text)
    done = project.inv("dev-start")
    assert "Traceback" not in done.err
    assert done.code == 2, done.out + done.err
    assert services(project)["web"]["pid"] == before
    assert project.inv("dev-stop").code == 0, "stopping needs no configuration"
    assert project.survivors() == []


def test_a_wrong_env_file_is_told_before_anything_is_touched(project: Project) -> None:
    before = services(project)["web"]["pid"]
    project.write(".env", "GOOD=1\nthis line is wrong\n")
    done = project.inv("dev-restart", "web")
    assert done.code == 2
    assert ".env:2" in done.err
    assert services(project)["web"]["pid"] == before
