"""S8: a service whose own start or build changes what is watched: held, loudly, with the line that mends it."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from seat import ask, output, plain, reloaded, services, started, state
from waiting import until

from hybrid_tasks.testing.project import Project

pytestmark = [pytest.mark.needs("linux"), pytest.mark.timeout(180)]

WRITES = 'dir = "web"\ncommand = ["sh", "-c", "date +%s%N > generated.txt; cat word; exec sleep 1000"]\n'
BUILDS = """dir = "web"
build = ["sh", "-c", "date +%s%N > gen_a.txt; date +%s%N > gen_b.txt; cp word {artefact}"]
command = ["sh", "-c", "cat {artefact}; exec sleep 1000"]
"""


def held(project: Project) -> dict[str, Any]:
    def is_held() -> dict[str, Any] | None:
        one = services(project)["web"]
        return one if one["state"] == "held" and one["pid"] else None

    found = until(is_held, timeout=40)
    assert found
    return found


def ignore_line(cure: str) -> list[str]:
    """The pasteable part of the cure, as TOML."""
    match = re.search(r"ignore = .*$", cure)
    assert match, cure
    lines = tomllib.loads(match[0])["ignore"]
    assert isinstance(lines, list)
    return lines


@pytest.mark.parametrize(("text", "names"), [(WRITES, ["generated.txt"]), (BUILDS, ["gen_a.txt", "gen_b.txt"])])
def test_s8_a_feedback_loop_is_held_with_the_line_that_mends_it(project: Project, text: str, names: list[str]) -> None:
    plain(project, {"web": text})
    word = project.write("web/word", "zero\n")
    project.inv("dev-start")  # which fails when the loop is noticed before it has returned
    one = held(project)
    starts = output(project, "web").count("zero")
    assert starts <= 6, "it is noticed soon"
    for name in names:
        assert name in one["detail"]
    assert "for ever" in one["detail"]
    done = project.inv("dev-status")
    assert done.code == 0, "it serves, as it was when it was held"
    assert "held" in done.out
    assert "ignore = " in done.out, "the cure is shown"
    assert output(project, "web").count("zero") == starts, "nothing is started while it is held"

    # a save of another file goes on being live
    word.write_text("one\n")
    until(lambda: output(project, "web").split()[-1] == "one", timeout=20)

    # the cure, pasted, ends it
    lines = ignore_line(one["cure"])
    plain(project, {"web": text + f"ignore = {json.dumps(lines)}\n"})
    assert project.inv("dev-restart").code == 0
    word.write_text("two\n")
    assert reloaded(project)[1] == 0
    assert state(project, "web") == "running"
    until(lambda: output(project, "web").count("two") == 1)


def test_a_service_that_writes_the_same_again_is_no_loop(project: Project) -> None:
    plain(project, {"web": WRITES.replace("date +%s%N", "echo same")})
    word = project.write("web/word", "zero\n")
    started(project)
    for number in range(8):
        word.write_text(f"v{number}\n")
        assert reloaded(project)[1] == 0
        assert output(project, "web").split()[-1] == f"v{number}"
    assert state(project, "web") == "running"


def test_saves_as_fast_as_one_can_are_no_loop(project: Project) -> None:
    """No rate of saves makes the watching give up."""
    plain(project, {"web": 'dir = "web"\ncommand = ["sh", "-c", "cat word; exec sleep 1000"]\n'})
    word = project.write("web/word", "zero\n")
    started(project)
    for number in range(400):
        word.write_text(f"v{number}\n")
        if number % 20 == 0:
            assert ask(project, "status")[0]["services"][0]["state"] not in {"held", "crashed", "blocked", "stopped"}
    until(lambda: output(project, "web").split()[-1] == "v399", timeout=30)
    assert reloaded(project)[1] == 0
    assert state(project, "web") == "running"


def test_saving_again_as_soon_as_a_version_is_live_is_no_loop(project: Project) -> None:
    """A bench and an agent do that: three in a row were once taken for a loop and held."""
    plain(project, {"web": 'dir = "web"\ncommand = ["sh", "-c", "cat word; exec sleep 1000"]\n'})
    word = project.write("web/word", "zero\n")
    started(project)
    for number in range(12):
        word.write_text(f"v{number}\n")
        until(
            lambda number=number: (
                output(project, "web").split()[-1] == f"v{number}" and state(project, "web") == "running"
            )
        )
    assert "held" not in project.inv("dev-status").out


def test_who_asks_for_the_reload_gets_it_though_it_is_held(project: Project, tmp_path: Path) -> None:
    plain(project, {"web": WRITES})
    word = project.write("web/word", "zero\n")
    started(project)
    held(project)
    word.write_text("asked\n")
    project.inv("dev-restart")
    assert output(project, "web").count("asked") >= 1
