"""Order by `needs`: waves that start in parallel and stop backwards, failures that are told, steps that run once."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from kills import background, supervisors
from seat import output, plain, reloaded, services, started, state
from waiting import until

from hybrid_tasks.testing.project import Project

pytestmark = [pytest.mark.needs("linux"), pytest.mark.timeout(180)]


def service(name: str, *needs: str, wait: str = "", more: str = "") -> str:
    """A service that is healthy when a file exists, and tells when it starts and ends; its source is `NAME/source`."""
    until_there = f"until test -e ../{wait}; do sleep 0.01; done; " if wait else ""
    body = f"trap 'date +%s%N >&2; exit 0' TERM; {until_there}echo ready; while :; do sleep 0.02; done"
    needed = "".join(f'"{need}",' for need in needs)
    return (
        f'dir = "{name}"\ncommand = ["sh", "-c", "{body}"]\nhealth = {{log = "^ready$", start_period = 60}}\n'
        f"needs = [{needed}]\nstop = {{grace = 10}}\n{more}"
    )


def write(project: Project, tables: dict[str, str], steps: str = "") -> None:
    plain(project, tables)
    file = project.root / "hybrid.toml"
    file.write_text(file.read_text() + steps)
    for name in tables:
        project.write(f"{name}/source", "1")


def begun(project: Project, name: str) -> str:
    """When its first instance started, as text that sorts."""
    return min(log.name for log in (project.root / ".hybrid/logs" / name).glob("*-instance-*.log"))[:22]


def ended(project: Project, name: str) -> int:
    """When it heard TERM, in nanoseconds."""
    return int(re.findall(r"^\d+$", output(project, name), re.MULTILINE)[-1])


def test_a_service_starts_when_what_it_needs_is_healthy(project: Project) -> None:
    write(project, {"web": service("web", "api"), "api": service("api", "db"), "db": service("db", wait="go")})
    starting = background(project, "dev-start")
    until(lambda: state(project, "db") == "starting", timeout=30)
    until(lambda: state(project, "web") == "waiting" and state(project, "api") == "waiting")
    assert services(project)["api"]["detail"] == "waits for db"
    assert services(project)["web"]["detail"] == "waits for api"
    assert not list((project.root / ".hybrid/logs").glob("api/*-instance-*"))
    project.write("go", "")
    assert starting.wait(60) == 0
    assert begun(project, "db") < begun(project, "api") < begun(project, "web")
    done = project.inv("dev-stop")
    assert done.code == 0
    assert ended(project, "web") < ended(project, "api") < ended(project, "db"), "stopped backwards"


def test_bug_what_was_there_already_was_said_to_be_waited_for(project: Project) -> None:
    tables = {"web": service("web", "api", "stock"), "api": service("api", wait="go"), "stock": service("stock")}
    write(project, tables)
    starting = background(project, "dev-start")
    until(lambda: state(project, "stock") == "running", timeout=30)
    until(lambda: services(project)["web"]["detail"] == "waits for api")
    project.write("go", "")
    assert starting.wait(60) == 0


def test_a_wave_starts_and_stops_in_parallel(project: Project) -> None:
    """Each of three waits for a file that another one makes: one after the other they would never come up."""
    names = ("one", "two", "three")
    tables = {}
    for name, other in zip(names, (*names[1:], names[0]), strict=True):
        body = f"trap ':>../end-{name}; until test -e ../end-{other}; do sleep 0.01; done; exit 0' TERM; "
        body += f":>../up-{name}; until test -e ../up-{other}; do sleep 0.01; done; echo ready; while :; do sleep 0.02; done"
        tables[name] = (
            f'dir = "{name}"\ncommand = ["sh", "-c", "{body}"]\nhealth = {{log = "^ready$"}}\nstop = {{grace = 30}}'
        )
    write(project, {**tables, "last": service("last", *names)})
    started(project)
    assert project.inv("dev-stop").code == 0


def test_a_need_that_fails_leaves_its_dependants_waiting_and_the_start_fails(project: Project) -> None:
    broken = 'dir = "db"\ncommand = ["sh", "-c", "cat source; echo no disk >&2; exit 3"]'
    write(project, {"web": service("web", "api"), "api": service("api", "db"), "db": broken, "other": service("other")})
    done = project.inv("dev-start", timeout=60)
    assert done.code == 1, done.out + done.err
    assert "no disk" in done.out + done.err, "why is shown"
    shown = services(project)
    assert {name: one["state"] for name, one in shown.items()} == {
        "web": "waiting",
        "api": "waiting",
        "db": "crashed",
        "other": "running",
    }
    assert shown["api"]["detail"] == "waits for db"
    mended = service("db")
    write(project, {"web": service("web", "api"), "api": service("api", "db"), "db": mended, "other": service("other")})
    done = project.inv("dev-start")
    assert done.code == 0, done.out + done.err
    assert {one["state"] for one in services(project).values()} == {"running"}


def test_a_need_that_is_mended_by_a_save_lets_its_dependants_come_up(project: Project) -> None:
    body = "test $(cat source) = good || exit 3; echo ready; exec sleep 1000"
    db = f'dir = "db"\ncommand = ["sh", "-c", "{body}"]\nhealth = {{log = "^ready$"}}'
    write(project, {"web": service("web", "db"), "db": db})
    assert project.inv("dev-start").code == 1
    (project.root / "db/source").write_text("good")
    until(lambda: state(project, "web") == "running", timeout=20)
    assert reloaded(project)[1] == 0


def test_starting_one_adds_what_it_needs_and_stopping_one_takes_what_needs_it(project: Project) -> None:
    write(project, {"web": service("web", "api"), "api": service("api", "db"), "db": service("db"), "x": service("x")})
    started(project, "api")
    assert {name for name, one in services(project).items() if one["state"] == "running"} == {"api", "db"}
    started(project)
    done = project.inv("dev-stop", "db")
    assert done.code == 0
    for name in ("web", "api", "db"):
        assert name in done.out
    assert {name for name, one in services(project).items() if one["state"] == "running"} == {"x"}


STEPS = """
[steps.migrate]
run = ["sh", "-c", "test ! -e fail || exit 4; echo x >> migrated; sleep 0.2"]
[steps.seed]
run = ["sh", "-c", "test -e migrated || exit 5; echo x >> seeded"]
needs = ["step:migrate"]
"""


def count(project: Project, name: str) -> int:
    file = project.root / name
    return len(file.read_text().split()) if file.exists() else 0


def test_a_step_that_several_need_runs_once(project: Project) -> None:
    needs = ("step:migrate", "step:seed")
    tables = {name: service(name, *needs) for name in ("one", "two", "three")}
    write(project, tables, STEPS)
    started(project)
    assert (count(project, "migrated"), count(project, "seeded")) == (1, 1)
    assert project.inv("dev-restart").code == 0
    project.write("one/source", "2")
    assert reloaded(project)[1] == 0
    started(project)
    assert (count(project, "migrated"), count(project, "seeded")) == (1, 1)


def test_a_step_that_fails_fails_the_start_and_is_tried_again(project: Project) -> None:
    write(project, {"web": service("web", "step:seed"), "other": service("other")}, STEPS)
    project.write("fail", "")
    done = project.inv("dev-start")
    assert done.code == 1
    assert "migrate" in done.out + done.err
    assert state(project, "other") == "running"
    (project.root / "fail").unlink()
    started(project)
    assert count(project, "migrated") == 1


@pytest.mark.parametrize("length", [1, 2, 5])
def test_a_cycle_is_a_mistake_in_the_configuration(project: Project, length: int) -> None:
    names = [f"s{number}" for number in range(length)]
    write(project, {name: service(name, names[(i + 1) % length]) for i, name in enumerate(names)})
    done = project.inv("dev-start")
    assert done.code == 2
    assert "s0" in done.err
    assert "hybrid.toml:" in done.err
    assert "Traceback" not in done.err
    until(lambda: supervisors(project) == [], timeout=20)
    assert project.survivors() == []


def hidden(project: Project, tmp_path: Path) -> None:
    """Hide every toolchain: a PATH with the few programs that plain services use."""
    import shutil

    folder = tmp_path / "bin"
    folder.mkdir()
    for name in ("sh", "sleep", "date", "test", "env", "cat"):
        (folder / name).symlink_to(str(shutil.which(name)))
    project.environ["PATH"] = str(folder)


@pytest.mark.parametrize(
    ("stack", "file", "text"),
    [("go", "go.mod", "module x\n"), ("rust", "Cargo.toml", "[package]\nname = 'x'\nversion = '1.0.0'\n")],
)
def test_an_optional_service_without_its_toolchain_fails_nothing(
    project: Project, tmp_path: Path, stack: str, file: str, text: str
) -> None:
    hidden(project, tmp_path)
    lacking = f'stack = "{stack}"\ndir = "lacking"\n'
    write(project, {"lacking": lacking + "optional = true\n", "web": service("web", "lacking")})
    project.write(f"lacking/{file}", text)
    done = project.inv("dev-start")
    assert done.code == 0, done.out + done.err
    assert "blocked" in done.out
    assert {"go": "golang-go", "rust": "rustup"}[stack] in done.out, "the line that installs it"
    one = services(project)["lacking"]
    assert one["state"] == "blocked"
    assert one["cure"]
    assert state(project, "web") == "running"
    shown = project.inv("dev-status")
    assert shown.code == 0
    assert "blocked" in shown.out

    write(project, {"lacking": lacking, "web": service("web", "lacking"), "other": service("other")})
    project.write(f"lacking/{file}", text)
    done = project.inv("dev-start")
    assert done.code == 1, "it is needed now"
    assert state(project, "other") == "running"


BETWEEN = '[steps.seed]\nrun = ["sh", "-c", "echo x >> seeded"]\nneeds = ["db"]\n'


def test_bug_a_service_did_not_wait_with_its_end_for_what_a_step_had_in_between(project: Project) -> None:
    write(project, {"web": service("web", "step:seed"), "db": service("db")}, BETWEEN)
    started(project, "web")
    assert begun(project, "db") < begun(project, "web")
    done = project.inv("dev-stop", "db")
    assert done.code == 0
    assert ended(project, "web") < ended(project, "db"), "stopped backwards"


def test_bug_who_waited_for_a_step_waited_for_ever_when_what_that_needs_had_failed(project: Project) -> None:
    broken = 'dir = "db"\ncommand = ["sh", "-c", "exit 3"]'
    write(project, {"web": service("web", "step:seed"), "db": broken}, BETWEEN)
    done = project.inv("dev-start", "--timeout", "60")
    assert done.code == 1, done.out + done.err
    assert state(project, "web") == "waiting"


def test_bug_a_dry_run_left_out_steps_and_the_mode_when_something_ran(project: Project) -> None:
    modes = '[modes.small]\nnative = ["db"]\n[modes.full]\nnative = ["web"]\n'
    write(project, {"web": service("web", "step:seed"), "db": service("db")}, BETWEEN + modes)
    before = {mode: planned(project, mode) for mode in ("small", "full")}
    assert before == {"small": ["1. db"], "full": ["1. db", "2. step:seed", "3. web"]}
    started(project, "--mode", "small")
    assert {mode: planned(project, mode) for mode in before} == before
    assert project.inv("dev-status").out.splitlines()[0].count("small") == 1, "its mode is what it was"


def planned(project: Project, mode: str) -> list[str]:
    done = project.inv("dev-start", "--dry-run", "--mode", mode)
    assert done.code == 0, done.err
    return re.findall(r"^\d+\. \S+(?=:)", done.out, re.MULTILINE)
