"""What a runtime wants around an instance: commands before it, programs beside it, a follower, commands after it."""

from __future__ import annotations

import os
from collections.abc import Callable

import pytest
from kills import kill
from seat import output, reloaded, services, started, state
from waiting import until

from hybrid_tasks.testing.project import Project

pytestmark = [pytest.mark.needs("linux"), pytest.mark.timeout(180)]

PLUGIN = """
from hybrid_tasks.api import CleanPlan, Command, RunPlan, hookimpl

def sh(service, words):
    return Command(("sh", "-c", words), service.directory)

@hookimpl
def runtime_plan(services, plans):
    return tuple(
        RunPlan(
            (service,),
            prepare=(sh(service, "echo prepare >> ../story; test ! -e ../unprepared || { echo no network; exit 3; }"),),
            main=None if (service.directory / "nothing").exists() else plans[service.name].program,
            sidecars=(sh(service, "echo sidecar >> ../story; echo beside $$; exec sleep 1000"),),
            release=(sh(service, "echo release >> ../story"),),
        )
        for service in services
    )

@hookimpl
def runtime_stop(services):
    return tuple(sh(service, "echo stop >> ../story") for service in services)

@hookimpl
def runtime_logs(service, since):
    return sh(service, f"echo follows since {since}; exec sleep 1000")

@hookimpl
def runtime_clean(project):
    left = project.root / "left"
    return CleanPlan(paths=(left,), commands=(Command(("touch", "cleaned by us"), project.root),))
"""


@pytest.fixture
def around(project: Project) -> Project:
    project.write("hybrid_plugins.py", PLUGIN)
    project.write("hybrid.toml", '[services.web]\ndir = "web"\ncommand = ["sh", "-c", "cat word; exec sleep 1000"]\n')
    project.write("web/word", "one\n")
    project.write("left", "")
    return project


def story(project: Project) -> list[str]:
    file = project.root / "story"
    return file.read_text().split() if file.exists() else []


def pid_of(project: Project) -> int:
    """Of the latest sidecar."""
    return int(output(project, "web", "sidecar").split()[-1])


def gone(pid: int) -> Callable[[], bool]:
    def is_gone() -> bool:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        return False

    return is_gone


def test_what_is_around_an_instance_comes_and_goes_with_it(around: Project) -> None:
    started(around)
    until(lambda: "beside" in output(around, "web", "sidecar"))
    until(lambda: "follows since 1" in output(around, "web", "follower"))
    assert story(around) == ["prepare", "sidecar"]
    first = pid_of(around)
    around.write("web/word", "two\n")
    assert reloaded(around)[1] == 0
    until(gone(first))
    until(lambda: story(around) == ["prepare", "sidecar", "release", "prepare", "sidecar"])
    until(lambda: pid_of(around) != first)
    second = pid_of(around)
    shown = around.inv("dev-logs").out
    assert "beside" in shown
    assert "follows since" in shown
    assert around.inv("dev-stop").code == 0
    assert story(around)[-2:] == ["release", "stop"]
    assert story(around).count("stop") == 1
    assert gone(second)()


def test_a_crash_takes_what_is_around_along(around: Project) -> None:
    started(around)
    until(lambda: "beside" in output(around, "web", "sidecar"))
    first = pid_of(around)
    kill([services(around)["web"]["pid"]])
    until(lambda: story(around)[:3] == ["prepare", "sidecar", "release"])
    until(gone(first))
    until(lambda: state(around, "web") == "running")
    until(lambda: story(around)[3:] == ["prepare", "sidecar"])


def test_an_instance_that_cannot_be_prepared_for_is_not_started(around: Project) -> None:
    around.write("unprepared", "")
    done = around.inv("dev-start")
    assert done.code == 1
    assert "`sh`, which prepares the start, failed" in done.out + done.err
    assert "no network" in done.out + done.err
    assert story(around) == ["prepare", "release"], "what was begun is given back"
    assert output(around, "web") == ""


def test_what_ends_beside_an_instance_is_told(around: Project) -> None:
    started(around)
    until(lambda: "beside" in output(around, "web", "sidecar"))
    os.kill(pid_of(around), 15)
    words = "its sidecar `sh` ended by SIGTERM before it did"
    until(lambda: services(around)["web"]["remarks"] == [words])
    assert words in around.inv("dev-status").out
    around.write("web/word", "two\n")
    assert reloaded(around)[1] == 0
    assert services(around)["web"]["remarks"] == []


def test_a_runtime_that_gives_no_program_is_an_error(around: Project) -> None:
    around.write("web/nothing", "")
    done = around.inv("dev-start")
    assert done.code == 1
    assert "the runtime `native` gives no program that would be `web`" in done.out + done.err


def test_a_runtime_has_its_leavings_cleaned(around: Project) -> None:
    done = around.inv("dev-clean", "--dry-run")
    assert "left\n" in done.out
    assert "run: touch 'cleaned by us'\n" in done.out
    assert not (around.root / "cleaned by us").exists()
    assert around.inv("dev-clean", "--yes").code == 0
    assert not (around.root / "left").exists()
    assert (around.root / "cleaned by us").exists()
