"""Laying the sources of a service's environment over each other."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType

from hybrid_tasks.env.environment import Environment, Layer
from hybrid_tasks.env.exposure import concerns
from hybrid_tasks.env.files import examine
from hybrid_tasks.env.interpolation import BadTemplate, expand, unset_warnings
from hybrid_tasks.env.masking import printable
from hybrid_tasks.env.passing import MARKS, never_passed, passes
from hybrid_tasks.env.variable import Variable, named, source
from hybrid_tasks.errors import HybridError, Mistakes, WrongInput
from hybrid_tasks.model.project import Project
from hybrid_tasks.model.service import Service

OURS: Mapping[str, str] = MappingProxyType({"PYTHONUNBUFFERED": "1"})
"""Behind a pipe Python would keep its output back; every other source wins over this."""
COLOURS: Mapping[str, str] = MappingProxyType({"FORCE_COLOR": "1", "CLICOLOR_FORCE": "1"})
"""For programs behind a pipe whose output ends on a terminal."""

LARGEST_VALUE = 131071
"""Bytes of `NAME=value` that Linux passes to a program (MAX_ARG_STRLEN less the final NUL)."""
CLIENT = "client environment"
US = "hybrid-tasks"
NOTHING: Mapping[str, str] = MappingProxyType({})


def resolve(
    project: Project,
    service: Service,
    client: Mapping[str, str],
    env_files: Iterable[Path] = (),
    sets: Mapping[str, str] = NOTHING,
    *,
    mode_env: Iterable[Path] | None = None,
    colour: bool = False,
) -> Environment:
    """Lay the sources of a service's environment over each other.

    From low to high: ours, allow-listed variables of the client, the project's env files (`.env.local` last), those
    of the mode, the service's `env_file`, its `env` table, `env_files`, `sets`. In files `${X}` is by Compose's
    rules the client's X before any file's; in the `env` table it is what the layers below the table give, and the
    client's where they give nothing.

    Args:
        project: the project.
        service: the service.
        client: the whole environment of the client that asked.
        env_files: files of `--env`.
        sets: values of `--set`, taken as they are.
        mode_env: env files of the mode; None takes those of the project's mode.
        colour: ask programs for colours although they write to a pipe (unless the client says NO_COLOR).

    Returns:
        the environment with its warnings.

    Raises:
        Mistakes: all mistakes of all files, tables and arguments.
    """
    stack = _Stack(project.root, client)
    stack.constant(US, {**OURS, **(COLOURS if colour and not client.get("NO_COLOR") else {})})
    stack.client(project.pass_env)
    if mode_env is None:
        mode = project.modes.get(project.mode or "")
        mode_env = mode.env if mode else ()
    for path in _project_files(project):
        stack.file(path, named(path, project.root), shared=True)
    for path in mode_env:
        stack.file(path, "mode", shared=True)
    for path in service.env_file:
        stack.file(path, f"services.{service.name}.env_file")
    stack.table(project, service)
    for path in env_files:
        stack.file(path, "--env")
    stack.sets(sets)
    if stack.mistakes:
        raise Mistakes(stack.mistakes)
    return Environment(tuple(stack.layers), project.root, tuple(dict.fromkeys(stack.warnings)))


def _project_files(project: Project) -> Iterator[Path]:
    local = project.root / ".env.local"
    for path in project.env:
        # the default file need not exist; one that was named must
        if path != project.root / ".env" or os.path.lexists(path):
            yield path
    if local not in project.env and os.path.lexists(local):
        yield local


class _Stack:
    """The layers while they are collected; goes on after a mistake to find the others."""

    def __init__(self, root: Path, client: Mapping[str, str]) -> None:
        self.root = root
        self.outside = {name: value for name, value in client.items() if not name.startswith("HYBRID_")}
        self.layers: list[Layer] = []
        self.merged: dict[str, str] = {}
        self.shared: dict[str, str] = {}
        self.own: dict[str, str] = {}
        self.warnings: list[str] = []
        self.mistakes: list[HybridError] = []

    def add(self, name: str, variables: Iterable[Variable]) -> None:
        kept = []
        for variable in variables:
            self.warnings.extend(variable.warnings)
            if variable.name in MARKS:
                self.warnings.append(f"{source(variable, self.root)} `{variable.name}` is ours and left out")
                continue
            size = len(f"{variable.name}={variable.value}".encode("utf-8", "replace"))
            if size > LARGEST_VALUE:
                place = source(variable, self.root)
                self.warnings.append(
                    f"{place} `{variable.name}` has {size} bytes, Linux passes at most {LARGEST_VALUE}"
                )
            kept.append(variable)
        self.layers.append(Layer(name, tuple(kept)))
        self.merged.update((variable.name, variable.value) for variable in kept)

    def constant(self, name: str, values: Mapping[str, str]) -> None:
        self.add(name, (Variable(key, value, name) for key, value in values.items()))

    def client(self, patterns: tuple[str, ...]) -> None:
        self.warnings.extend(
            f"`{printable(pattern)}` of project.pass_env is never passed; set it in a service's env table"
            for pattern in patterns
            if never_passed(pattern)
        )
        self.constant(CLIENT, {name: value for name, value in self.outside.items() if passes(name, patterns)})

    def file(self, path: Path, name: str, *, shared: bool = False) -> None:
        """Add a file; what a `shared` one (of the project or mode) gives is like the shell's to the service's files."""
        outside = self.outside if shared else {**self.shared, **self.outside}
        reading = examine(path, outside, before=self.shared if shared else self.own, root=self.root)
        self.mistakes.extend(reading.mistakes)
        self.warnings.extend(concerns(path, reading.variables, self.root))
        self.add(name, reading.variables)
        known = self.shared if shared else self.own
        known.update((variable.name, variable.value) for variable in reading.variables)

    def table(self, project: Project, service: Service) -> None:
        below = dict(self.merged)
        origin = f"services.{service.name}.env"
        place = origin
        if service.origin is not None:
            place = f"{named(service.origin.file, project.root)}:{service.origin.line} {origin}"
        variables = []
        for name, template in service.env.items():
            if self.wrong(name, template, place):
                continue
            try:
                expanded = expand(template, lambda key: below.get(key, self.outside.get(key)))
            except BadTemplate as error:
                self.mistakes.append(WrongInput(f"{place}.{name}: {error.message}", error.hint))
                continue
            warnings = unset_warnings(place, name, expanded, dot=".")
            variables.append(Variable(name, expanded.value, origin, warnings=warnings))
        self.add(origin, variables)
        self.own.update((variable.name, variable.value) for variable in variables)

    def sets(self, values: Mapping[str, str]) -> None:
        self.constant("--set", {name: value for name, value in values.items() if not self.wrong(name, value, "--set")})

    def wrong(self, name: str, value: str, place: str) -> bool:
        """Whether no program can be given this variable; notes the mistake."""
        if not name or "=" in name or "\0" in name:
            self.mistakes.append(WrongInput(f"{place} `{printable(name)}` is no variable name", "write NAME=value"))
        elif "\0" in value:
            self.mistakes.append(WrongInput(f"{place} {printable(name)}: a NUL character", "remove it"))
        else:
            return False
        return True
