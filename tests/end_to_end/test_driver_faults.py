"""Drivers that are missing, broken, slow or wrongly configured: a clear error, and what runs is untouched."""

from __future__ import annotations

import pytest
from drivers import EVERY, Driven, lay, saved, web
from lacking import lacking
from languages import LANGUAGES, table
from seat import output, reloaded, services, started
from shop import receipts

from hybrid_tasks.testing.project import Project, get

pytestmark = pytest.mark.timeout(300)

AIR = EVERY["air"]
MISSING = [
    pytest.param(EVERY["air"], "air", "go install github.com/air-verse/air@latest", id="air", marks=pytest.mark.needs("go")),
    pytest.param(EVERY["cargo-watch"], "cargo-watch", "cargo install --locked cargo-watch", id="cargo-watch",
                 marks=pytest.mark.needs("rust")),
    pytest.param(EVERY["bacon"], "bacon", "cargo install --locked bacon", id="bacon", marks=pytest.mark.needs("rust")),
]  # fmt: skip


def fake(project: Project, name: str, script: str) -> None:
    """Put a program of this name before all others."""
    file = project.write(f"bin/{name}", f"#!/bin/sh\n{script}\n")
    file.chmod(0o755)
    project.environ["PATH"] = f"{file.parent}:{project.environ['PATH']}"


@pytest.mark.parametrize(("one", "tool", "install"), MISSING)
def test_a_missing_driver_blocks_its_service_and_stops_nothing_else(
    project: Project, one: Driven, tool: str, install: str, port: int
) -> None:
    lay(project, one, port)
    with (project.root / "hybrid.toml").open("a") as file:
        file.write('\n[services.other]\ncommand = ["sleep", "1000"]\n')
    lacking(project, tool)
    done = project.inv("dev-start")
    assert done.code == 1
    assert f"`{tool}` is missing" in done.out + done.err
    assert install in done.out + done.err
    told = services(project)
    assert (told["web"]["state"], told["web"]["cure"][: len(install)]) == ("blocked", install)
    assert told["other"]["state"] == "running"


@pytest.mark.needs("go")
@pytest.mark.parametrize(
    ("script", "told"),
    [
        pytest.param("echo 'no such flag: -c' >&2; exit 2", "it ended with 2", id="exits at once"),
        pytest.param("echo 'all is well'; exit 0", "it ended with 0", id="exits at once with 0"),
        pytest.param("echo watching; exec sleep 1000", "it has opened no port", id="hangs"),
        pytest.param("head -c 2000 /dev/urandom; echo; exec sleep 1000", "it has opened no port", id="prints rubbish"),
        pytest.param("exec /nowhere/air", "nowhere", id="is a stub of nothing"),
    ],
)
def test_a_driver_that_does_not_work_is_an_error_with_its_output(
    project: Project, port: int, script: str, told: str
) -> None:
    lay(project, AIR, port, more="")
    text = (project.root / "hybrid.toml").read_text().replace("start_period = 20", "start_period = 2")
    project.write("hybrid.toml", text)
    fake(project, "air", script)
    done = project.inv("dev-start")
    assert done.code == 1, done.out
    error = receipts(project)[-1]["error"]
    assert told in error
    said = script.partition("'")[2].partition("'")[0]
    assert said in error, "with what it printed"
    assert project.survivors() == [] or services(project)["web"]["state"] == "crashed"


@pytest.mark.needs("go", "air")
def test_a_configuration_that_cannot_be_read_is_told_before_anything_is_touched(project: Project, port: int) -> None:
    lay(project, AIR, port)
    started(project)
    before = web(project)["pid"]
    file = project.write("web/.air.toml", '[build]\ncmd = "go build -o tmp/main ."\nbin = tmp/main\n')
    done = project.inv("dev-restart", "web")
    assert done.code == 1
    assert f"{file}:3: " in done.out + done.err
    assert get(port) == "one"
    assert web(project)["pid"] == before, "what ran goes on"
    assert project.inv("dev-stop").code == 0
    done = project.inv("dev-start")
    assert done.code == 1
    assert f"{file}:3: " in done.out + done.err
    assert output(project, "web").count("watching .") == 1, "nothing was started"


OWN = """
root = "."
tmp_dir = "out"

[build]
pre_cmd = ["echo told > told.txt"]
cmd = "go build -o ./out/theirs ."
entrypoint = ["./out/theirs"]
include_ext = ["go"]
delay = 50
send_interrupt = true
kill_delay = "200ms"
"""


@pytest.mark.needs("go", "air")
def test_the_users_own_configuration_and_commands_are_respected(project: Project, port: int) -> None:
    lay(project, AIR, port)
    project.write("web/.air.toml", OWN)
    started(project)
    assert (project.root / "web" / "out" / "theirs").is_file()
    assert (project.root / "web" / "told.txt").read_text() == "told\n"
    assert not list((project.root / ".hybrid" / "artefacts" / "web").glob("*/air.toml"))
    receipt, code = saved(project, AIR, AIR.text("two"))
    assert (code, receipt["result"]) == (0, "live")
    assert get(port) == "two"


@pytest.mark.needs("go", "air")
def test_its_arguments_reach_the_program_word_by_word(project: Project, port: int) -> None:
    lay(project, AIR, port, more='args = ["a \'b\' $HOME", "c"]')
    main = AIR.language.text("one", 'fmt.Printf("%q\\n", os.Args[1:])')
    project.write("web/main.go", main)
    started(project)
    assert r'["a \'b\' $HOME" "c"]'.replace("\\'", "'") in output(project, "web")


@pytest.mark.needs("go", "air")
def test_dependencies_are_the_drivers_business_and_env_files_ours(project: Project, port: int) -> None:
    lay(project, AIR, port)
    project.write(".env", "WORD=one\n")
    started(project)
    project.write("web/go.mod", "module sample\n\ngo 1.22\n")
    told, code = reloaded(project)
    assert (code, told["receipts"][0]["note"]) == (0, "left to air")
    project.write(".env", "WORD=two\n")
    assert "configuration changed" in project.inv("dev-status").out
    assert web(project)["pid"] is not None


@pytest.mark.needs("go", "air")
def test_a_save_that_the_driver_does_not_look_at_is_not_called_live(project: Project, port: int) -> None:
    lay(project, AIR, port)
    project.write("web/.air.toml", OWN)
    project.write("web/page.html", "one")
    started(project)
    project.write("web/page.html", "two")
    told, code = reloaded(project)
    assert code == 1
    assert "air did nothing about it within 5 s; `inv dev-restart` starts it anew" in told["receipts"][0]["error"]
    assert project.inv("dev-restart", "web").code == 0
    assert web(project)["source"]["live"] is True


@pytest.mark.needs("rust", "cargo-watch")
def test_that_cargo_watch_is_deprecated_is_said_once(project: Project, port: int) -> None:
    lay(project, EVERY["cargo-watch"], port)
    done = project.inv("dev-start")
    assert done.code == 0, done.err
    assert (done.out + done.err).count("cargo-watch is deprecated, and recommends bacon") == 1
    done = project.inv("dev-restart")
    assert done.code == 0, done.err
    assert "deprecated" not in done.out + done.err


@pytest.mark.needs("rust", "bacon")
def test_a_job_of_the_users_own_is_run_by_bacon(project: Project, port: int) -> None:
    one = EVERY["bacon"]
    lay(project, one, port)
    with (project.root / "hybrid.toml").open("a") as file:
        file.write('\njob = "mine"\n')
    job = 'command = ["cargo", "run", "--quiet"]\nneed_stdout = true\nbackground = false\non_change_strategy = "kill_then_restart"\n'
    project.write("web/bacon.toml", f"[jobs.mine]\n{job}")
    started(project)
    assert (project.root / "web" / "target" / "debug" / "sample").is_file(), "the user's job builds where cargo does"
    assert saved(project, one, one.text("two"))[1] == 0
    assert get(port) == "two"


@pytest.mark.parametrize(
    ("stack", "options", "told"),
    [
        ("go", 'driver = "gow"', 'driver: expected "engine" or "air", got "gow"'),
        ("rust", 'driver = "air"', 'driver: expected "engine", "cargo-watch" or "bacon", got "air"'),
        ("python", 'driver = "watchexec"', "services.web.python.driver: expected "),
        ("rust", 'driver = "bacon"\nlinker = "mold"', "`linker` is for builds of the engine, not of `bacon`"),
        ("rust", 'job = "run-long"', '`job` is for `driver = "bacon"`'),
    ],
)
def test_an_option_outside_the_list_is_a_mistake_of_the_configuration(
    project: Project, port: int, stack: str, options: str, told: str
) -> None:
    language = LANGUAGES[stack]
    project.write("hybrid.toml", table(language, port, f"[services.web.{stack}]\n{options}"))
    project.write(f"web/{language.main}", language.text("one"))
    done = project.inv("dev-start")
    assert done.code == 2, done.out + done.err
    assert "hybrid.toml:" in done.err
    assert told in done.err, done.err
