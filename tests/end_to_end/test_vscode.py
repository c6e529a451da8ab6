"""`inv dev-init --vscode`, and F5: the tasks and configurations it writes against real services and debuggers."""

from __future__ import annotations

import socket
import sys
from contextlib import ExitStack

import pytest
from attaching import GO, PYTHON, RUST, Debugged, let_go
from languages import table, written
from pressing_f5 import configuration, opened, stopped_in, task
from seat import reloaded, services, started

from hybrid_tasks.testing.project import Project, free_port, get

pytestmark = [pytest.mark.needs("linux"), pytest.mark.timeout(300)]

SHOP = {"web": PYTHON, "api": GO, "engine": RUST}
EVERY = [
    pytest.param("web", id="python", marks=pytest.mark.needs("debugpy")),
    pytest.param("api", id="go", marks=pytest.mark.needs("go", "dlv")),
    pytest.param("engine", id="rust", marks=pytest.mark.needs("rust", "lldb")),
]


@pytest.fixture
def shop(project: Project, port: int) -> tuple[Project, dict[str, int]]:
    """A project with a service in each language."""
    ports = {name: free_port() for name in SHOP}
    tables = "".join(table(debugged.language, ports[name], name=name) for name, debugged in SHOP.items())
    own = f'[services.web.python]\npython = "{sys.executable}"\n'
    project.write("hybrid.toml", f'[project]\nname = "shop-{port}"\n{tables}{own}')
    for name, debugged in SHOP.items():
        written(project, debugged.language, "zero", name)
    return project, ports


def init(project: Project) -> str:
    done = project.inv("dev-init", "--vscode")
    assert (done.code, done.err) == (0, "")
    return done.out


@pytest.mark.parametrize("name", EVERY)
def test_f5_starts_the_task_waits_for_it_and_attaches(shop: tuple[Project, dict[str, int]], name: str) -> None:
    project, ports = shop
    debugged: Debugged = SHOP[name]
    file = project.root / name / debugged.language.main
    init(project)
    assert configuration(project, name)["preLaunchTask"] == f"hybrid: {name}"
    with task(project, name) as background:
        assert background.idle(1) == []
        assert let_go(*stopped_in(project, name, debugged, ports[name], "zero")) == "zero"

        file.write_text("this is no program (")
        assert reloaded(project)[1] == 1
        [problem] = background.idle(2)
        assert problem, "it says why"
        assert get(ports[name]) == "zero"

        file.write_text(debugged.language.text("one"))
        assert reloaded(project)[1] == 0
        assert background.idle(3) == []
        assert let_go(*stopped_in(project, name, debugged, ports[name], "one")) == "one"

        told = services(project)[name]["debugger"]["address"]
        assert "nothing to add" in init(project), "nor does it matter that it runs"
        assert services(project)[name]["debugger"]["address"] == told
        assert background.ctrl_c() == 130


@pytest.mark.needs("debugpy", "go", "dlv", "rust", "lldb")
def test_the_tasks_of_the_compound_start_together(shop: tuple[Project, dict[str, int]]) -> None:
    project, ports = shop
    init(project)
    [compound] = opened(project, "launch.json")["compounds"]
    [every] = [one for one in opened(project, "tasks.json")["tasks"] if one["label"] == compound["preLaunchTask"]]
    names = [label.removeprefix("hybrid: ") for label in every["dependsOn"]]
    assert compound["configurations"] == every["dependsOn"]
    assert names == list(SHOP)
    with ExitStack() as stack:
        running = [stack.enter_context(task(project, name)) for name in names]
        assert [background.idle(1) for background in running] == [[], [], []]
        for name, debugged in SHOP.items():
            assert let_go(*stopped_in(project, name, debugged, ports[name], "zero")) == "zero"
        assert [background.ctrl_c() for background in running] == [130, 130, 130]


@pytest.mark.needs("debugpy")
def test_a_first_version_that_fails_is_a_problem_that_keeps_the_editor_from_attaching(
    shop: tuple[Project, dict[str, int]],
) -> None:
    """The exit code of a task in the background counts for nothing there."""
    project, _ = shop
    init(project)
    (project.root / "web" / "main.py").write_text("this is no program (")
    with task(project, "web") as background:
        assert background.process.wait(60) == 1
        ended, active, problems = background.rounds
        assert (ended, active, len(problems)) == (0, True, 1)
        assert problems[0].startswith("web/main.py:1: SyntaxError")


@pytest.mark.needs("debugpy")
def test_so_is_what_stands_in_the_way_of_a_start(shop: tuple[Project, dict[str, int]]) -> None:
    project, _ = shop
    init(project)
    address = configuration(project, "web")["connect"]
    with socket.create_server((address["host"], address["port"])), task(project, "web") as background:
        assert background.process.wait(60) == 1
        ended, active, [problem] = background.rounds
        assert (ended, active) == (0, True)
        assert "is taken by" in problem


@pytest.mark.needs("debugpy")
def test_a_running_supervisor_makes_no_difference(shop: tuple[Project, dict[str, int]]) -> None:
    project, _ = shop
    started(project, "web")
    init(project)
    (project.root / ".vscode").rename(project.root / "before")
    assert project.inv("dev-stop").code == 0
    init(project)
    for name in ("launch.json", "tasks.json"):
        assert (project.root / ".vscode" / name).read_text() == (project.root / "before" / name).read_text()
