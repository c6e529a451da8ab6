"""What all tasks share: mistakes and their exit codes, and the project they belong to."""

from __future__ import annotations

import pytest
from desk import Desk, golden
from fakes import canned, refusing

from hybrid_tasks.errors import Mistakes, NotRunning, TimedOut, WrongInput


def test_mistakes_are_printed_once_and_the_exit_code_is_theirs(desk: Desk) -> None:
    both = Mistakes(
        [
            WrongInput("hybrid.toml:12 services.api.port: `eighty` is not a number", "write port = 8080"),
            WrongInput("hybrid.toml:14 services.api.neds: there is no such key", "did you mean `needs`?"),
        ]
    )
    with desk.supervised({"start": refusing(both)}):
        done = desk.run("dev-start")
    golden("mistakes", done.stderr)
    assert (done.stdout, done.returncode) == ("", 2)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (WrongInput("there is no service `wbe`", "did you mean `web`?"), 2),
        (TimedOut("not healthy after 1 s: web", "they stay up; see `inv dev-logs web`"), 124),
        (NotRunning("nothing runs here"), 3),
    ],
)
def test_the_exit_code_is_that_of_the_mistake(desk: Desk, error: WrongInput, code: int) -> None:
    with desk.supervised({"start": refusing(error)}):
        done = desk.run("dev-start", "wbe", "--timeout", "1")
    assert done.returncode == code
    assert done.stderr.splitlines()[0] == f"error: {error.message}"
    assert "Traceback" not in done.stderr


def test_there_is_no_project(desk: Desk) -> None:
    (desk.root / "hybrid.toml").unlink()
    done = desk.run("dev-status")
    assert done.returncode == 2
    assert done.stderr == (
        "error: there is no project here: neither this directory nor one above has a `hybrid.toml`\n"
        " hint: write one with `inv dev-init`\n"
    )


def test_a_folder_of_the_project_is_the_project(desk: Desk) -> None:
    inside = desk.root / "services" / "web"
    inside.mkdir(parents=True)
    with desk.supervised({"status": canned({"schema": 1, "services": []})}):
        assert desk.run("dev-status", cwd=inside).returncode == 0


def test_an_unexpected_error_is_a_report_to_paste(desk: Desk) -> None:
    with desk.supervised({"status": canned({"schema": 1, "services": [{"since": "not a number"}]})}):
        done = desk.run("dev-status")
    assert done.returncode == 70
    lines = done.stderr.splitlines()
    assert lines[0].startswith("error: unexpected ValueError in `dev-status`: could not convert")
    assert lines[1] == " hint: this is our mistake; please report it with the lines below"
    assert lines[2] == "--- report ---"
    assert lines[3].startswith("hybrid-tasks 0.")
    assert lines[-1] == "--- end ---"
