"""What VS Code is told: how it attaches to each service, and the tasks that bring services under their debuggers.

VS Code's own rules (https://code.visualstudio.com/docs/debugtest/tasks, `debugTaskRunner.ts` and
`problemCollectors.ts` of its source): what is started before a session counts as ready when its task, which goes on
in the background, has printed a line that `endsPattern` knows; a task that ends instead keeps the session from being
started only by a problem that its matcher has found, its exit code does not.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hybrid_tasks.editors.ready_lines import AGAIN, COMING, FAILED, MARK, READY

ROOT = "${workspaceFolder}"
"""Stands for the project's directory, so that the files can be shared; the project is what the editor has opened."""
ALL = "hybrid: all services"
"""No service can be named so that its entry would be called like this."""


@dataclass(frozen=True, slots=True)
class File:
    """One of VS Code's files.

    Args:
        name: below the project's directory.
        version: of what is in it.
        called: the key of an entry that holds its name.
        lists: our entries, by the key of their list.
    """

    name: str
    version: str
    called: str
    lists: Mapping[str, Sequence[Mapping[str, Any]]]


def name_of(service: str) -> str:
    """Give the name of a service's configuration and of its task."""
    return f"hybrid: {service}"


def files(root: Path, program: str, attach: Mapping[str, Mapping[str, Any]]) -> tuple[File, File]:
    """Say what is to be in VS Code's files.

    Args:
        root: the project's directory.
        program: `inv`, or where it is.
        attach: how VS Code attaches to each service, without `name`.

    Returns:
        the file of the tasks, and that of the configurations, which name them.
    """
    names = [name_of(service) for service in attach]
    configurations: list[Mapping[str, Any]] = [
        {"name": name_of(service), **_portable(root, how), "preLaunchTask": name_of(service)}
        for service, how in attach.items()
    ]
    tasks = [_task(service, str(_portable(root, program))) for service in attach]
    lists: dict[str, list[Mapping[str, Any]]] = {"configurations": configurations}
    if len(names) > 1:
        lists["compounds"] = [{"name": ALL, "configurations": names, "preLaunchTask": ALL, "stopAll": True}]
        tasks.append({"label": ALL, "dependsOn": names, "problemMatcher": []})
    return (
        File(".vscode/tasks.json", "2.0.0", "label", {"tasks": tasks}),
        File(".vscode/launch.json", "0.2.0", "name", lists),
    )


def _task(service: str, program: str) -> dict[str, Any]:
    name = re.escape(service).replace("\\-", "-")
    line = f"^{re.escape(MARK)} {name}"
    return {
        "label": name_of(service),
        "type": "process",
        "command": program,
        "args": ["dev-debug", service, "--debugger"],
        "options": {"cwd": ROOT},
        "isBackground": True,
        "problemMatcher": {
            "owner": name_of(service),
            "source": "hybrid",
            "severity": "error",
            "fileLocation": ["relative", ROOT],
            "pattern": {  # what is in the way of a start may have no file, but a problem needs one
                "regexp": f"^(?:{re.escape(MARK)} )?({name} {FAILED.removesuffix(':')}|error): (.*)$",
                "kind": "file",
                "file": 1,
                "message": 2,
            },
            "background": {
                "activeOnStart": True,
                "beginsPattern": f"{line} {COMING}$",
                "endsPattern": f"{line} (?:{READY} .*|{AGAIN})$",
            },
        },
    }


def _portable(root: Path, value: Any) -> Any:
    """Name what is in the project as VS Code does on every machine."""
    if isinstance(value, str):
        inside = value == str(root) or value.startswith(f"{root}/")
        return ROOT + value[len(str(root)) :] if inside else value
    if isinstance(value, Mapping):
        return {str(key): _portable(root, item) for key, item in value.items()}
    return [_portable(root, item) for item in value] if isinstance(value, (list, tuple)) else value
