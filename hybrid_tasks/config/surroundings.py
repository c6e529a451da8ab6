"""What the file's words meet outside of it: directories, files, and the switches in the environment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from hybrid_tasks.config import places
from hybrid_tasks.config.findings import Findings
from hybrid_tasks.config.locate import compose_files
from hybrid_tasks.config.parsing import Tables
from hybrid_tasks.config.switches import EnvFiles, hot_reload
from hybrid_tasks.config.tables import ServiceTable
from hybrid_tasks.config.validating import Checked

ENV = ".env"
LOCAL = ".env.local"


@dataclass(frozen=True, slots=True)
class Around:
    """The files and directories a service names; the directory is None when it is a mistake."""

    directory: Path | None
    env_file: tuple[Path, ...]
    watch: tuple[Path, ...]


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Everything a configuration names that was found.

    Args:
        env: the project's env files.
        compose: the project's compose files.
        mode_env: each mode's env files.
        mode_compose: each mode's compose files.
        services: what each service names.
        steps: the directory of each step.
        hot_reload: for each service whether the environment leaves it on.
    """

    env: tuple[Path, ...]
    compose: tuple[Path, ...]
    mode_env: Mapping[str, tuple[Path, ...]]
    mode_compose: Mapping[str, tuple[Path, ...]]
    services: Mapping[str, Around]
    steps: Mapping[str, Path | None]
    hot_reload: Mapping[str, bool]


def look_around(
    root: Path, tables: Tables, environ: Mapping[str, str], mode: str | None, findings: Findings
) -> Surroundings:
    """Look at every file and directory that a configuration names, and into its env files.

    Args:
        root: the project's directory.
        tables: of its file.
        environ: the client's environment.
        mode: the mode in use.
        findings: where mistakes go.

    Returns:
        what was found.
    """
    modes, services = tables.modes.items(), tables.services.items()
    env = _project_env(root, tables, findings)
    mode_env = {name: places.files(root, one.table.env, (*one.path, "env"), findings) for name, one in modes}
    around = {name: _service(root, service, findings) for name, service in services}
    files = EnvFiles(root, environ)
    values = files.read((*env, *mode_env.get(mode or "", ())), {})
    for one in around.values():
        files.read(one.env_file, values)
    watched, mistakes = hot_reload(tables.services, values, root)
    for mistake in (*files.mistakes, *mistakes):
        findings.add_elsewhere(mistake)
    return Surroundings(
        env=env,
        compose=_project_compose(root, tables, findings),
        mode_env=mode_env,
        mode_compose={
            name: places.files(root, one.table.compose, (*one.path, "compose"), findings) for name, one in modes
        },
        services=around,
        steps={
            name: places.directory(root, step.table.dir, (*step.path, "dir"), findings)
            for name, step in tables.steps.items()
        },
        hot_reload=watched,
    )


def _service(root: Path, service: Checked[ServiceTable], findings: Findings) -> Around:
    table, path = service.table, service.path
    # A wrong `dir` counts as left out, which would make the project's own directory of it.
    known = "dir" not in service.wrong
    directory = places.directory(root, table.dir, (*path, "dir"), findings) if known else None
    files = places.files(root, table.env_file, (*path, "env_file"), findings, directory)
    if directory is None:
        return Around(None, files, ())
    return Around(directory, files, places.watched(root, directory, table.watch, (*path, "watch"), findings))


def _project_env(root: Path, tables: Tables, findings: Findings) -> tuple[Path, ...]:
    written = tables.project.table.env
    if written is not None:
        files = places.files(root, written, ("project", "env"), findings)
    else:
        files = tuple(file for file in [root / ENV] if file.is_file())
    local = root / LOCAL
    return files if local in files or not local.is_file() else (*files, local)


def _project_compose(root: Path, tables: Tables, findings: Findings) -> tuple[Path, ...]:
    written = tables.project.table.compose
    if written is None:
        return tuple(compose_files(root))
    return places.files(root, written, ("project", "compose"), findings)
