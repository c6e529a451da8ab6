"""What VS Code is told of a project."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from hybrid_tasks.editors import ready_lines
from hybrid_tasks.editors.vscode import ALL, files

ROOT = Path("/srv/shop")
ATTACH: dict[str, dict[str, Any]] = {
    "web": {"type": "debugpy", "pathMappings": ({"localRoot": "/srv/shop/web", "remoteRoot": "/srv/shop"},)},
    "all.in-one_2": {"type": "go", "substitutePath": [{"from": "/srv/shopping", "to": "/srv"}], "port": 7},
}


def told(attach: dict[str, dict[str, Any]], program: str = "inv") -> tuple[list[Any], list[Any], list[Any]]:
    tasks, launch = files(ROOT, program, attach)
    assert (tasks.name, tasks.version, tasks.called) == (".vscode/tasks.json", "2.0.0", "label")
    assert (launch.name, launch.version, launch.called) == (".vscode/launch.json", "0.2.0", "name")
    return list(tasks.lists["tasks"]), list(launch.lists["configurations"]), list(launch.lists.get("compounds", ()))


def test_paths_in_the_project_are_the_same_on_every_machine_and_others_stay() -> None:
    _, [web, other], _ = told(ATTACH)
    assert web["pathMappings"] == [{"localRoot": "${workspaceFolder}/web", "remoteRoot": "${workspaceFolder}"}]
    assert other["substitutePath"] == [{"from": "/srv/shopping", "to": "/srv"}]
    assert other["port"] == 7
    [task, *_], _, _ = told(ATTACH, "/srv/shop/.venv/bin/inv")
    assert task["command"] == "${workspaceFolder}/.venv/bin/inv"


def test_each_configuration_starts_its_task_and_the_compound_all_of_them() -> None:
    tasks, configurations, [compound] = told(ATTACH)
    names = ["hybrid: web", "hybrid: all.in-one_2"]
    assert [one["name"] for one in configurations] == names
    assert [one["preLaunchTask"] for one in configurations] == names
    assert [one["label"] for one in tasks] == [*names, ALL]
    assert compound == {"name": ALL, "configurations": names, "preLaunchTask": ALL, "stopAll": True}
    assert tasks[-1] == {"label": ALL, "dependsOn": names, "problemMatcher": []}


def test_one_service_needs_no_compound() -> None:
    tasks, configurations, compounds = told({"all": {"type": "go"}})
    assert ([one["label"] for one in tasks], compounds) == (["hybrid: all"], [])
    assert configurations == [{"name": "hybrid: all", "type": "go", "preLaunchTask": "hybrid: all"}]


def says(pattern: str, line: str) -> bool:
    return re.search(pattern, line) is not None


@pytest.mark.parametrize("service", ["web", "all.in-one_2"])
def test_the_patterns_know_the_lines_of_their_service_only(service: str) -> None:
    tasks, _, _ = told(ATTACH)
    [task] = [one for one in tasks if one["label"] == f"hybrid: {service}"]
    background = task["problemMatcher"]["background"]
    begins, ends = background["beginsPattern"], background["endsPattern"]
    problem = task["problemMatcher"]["pattern"]["regexp"]
    lines = {
        f"[hybrid] {service} {ready_lines.COMING}": (True, False, False),
        f"[hybrid] {service} {ready_lines.READY} 127.0.0.1:20000": (False, True, False),
        f"[hybrid] {service} {ready_lines.AGAIN}": (False, True, False),
        f"[hybrid] {service} {ready_lines.FAILED} main.go:1:2: syntax error": (False, False, True),
        "error: `dlv` is not installed": (False, False, True),
        "      error: cannot find value `x`": (False, False, False),
        f"{service}: live in 1 s": (False, False, False),
        f"[hybrid] {service} {ready_lines.OVER}": (False, False, False),
    }
    for line, known in lines.items():
        assert (says(begins, line), says(ends, line), says(problem, line)) == known, line
        foreign = line.replace(service, "allxin-one_2" if "." in service else "web-2")
        if foreign != line:
            assert not any(says(pattern, foreign) for pattern in (begins, ends, problem)), foreign


def test_a_problem_has_what_the_editor_shows() -> None:
    [task, *_], _, _ = told(ATTACH)
    pattern = task["problemMatcher"]["pattern"]
    match = re.search(pattern["regexp"], f"[hybrid] web {ready_lines.FAILED} web/app.py:3: NameError: name 'x'")
    assert match is not None
    assert (match[pattern["file"]], match[pattern["message"]]) == (
        "web stays as it was",
        "web/app.py:3: NameError: name 'x'",
    )
