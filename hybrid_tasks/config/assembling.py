"""From checked tables to the nouns: by now nothing can be wrong any more."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TypeVar

from hybrid_tasks.config.apart import Apart, apart
from hybrid_tasks.config.installed import COMPOSE, NATIVE, Installed
from hybrid_tasks.config.parsing import Tables
from hybrid_tasks.config.positions import KeyPath
from hybrid_tasks.config.reading import Source
from hybrid_tasks.config.stacks import Choice
from hybrid_tasks.config.surroundings import Surroundings
from hybrid_tasks.config.tables import EndpointTable, HealthTable, ServiceTable
from hybrid_tasks.model.command import Command
from hybrid_tasks.model.probe import AliveProbe, ExecProbe, HttpProbe, LogProbe, NotifyProbe, Pace, Probe, TcpProbe
from hybrid_tasks.model.project import Mode, Project, Step
from hybrid_tasks.model.service import Endpoint, Launch, Listen, Origin, Restart, Service, Stop
from hybrid_tasks.model.watching import Debounce

T = TypeVar("T")


def assemble(
    root: Path,
    source: Source,
    tables: Tables,
    around: Surroundings,
    choices: Mapping[str, Choice],
    *,
    mode: str | None,
    plugins: Installed,
) -> Project:
    """Make the project of a configuration without mistakes.

    Args:
        root: its directory.
        source: its file.
        tables: of the file.
        around: the files and directories it names.
        choices: the stack of each service.
        mode: the mode in use.
        plugins: the installed ones.

    Returns:
        the project.
    """
    modes = {
        name: Mode(
            name=name,
            compose=around.mode_compose[name],
            profiles=tuple(one.table.profiles),
            env=around.mode_env[name],
            native=None if one.table.native is None else tuple(one.table.native),
            hot_reload=one.table.hot_reload,
        )
        for name, one in tables.modes.items()
    }
    used = modes.get(mode or "")
    contained = [
        name
        for name, service in tables.services.items()
        if used is not None and used.native is not None and name not in used.native and "runtime" not in service.written
    ]
    runtime = COMPOSE if COMPOSE in plugins.runtimes else NATIVE
    not_source = apart(root, around)
    services = {
        name: _service(
            name,
            service.table,
            around,
            choices[name],
            not_source,
            runtime=runtime if name in contained else service.table.runtime,
            hot_reload=around.hot_reload[name] and (used is None or used.hot_reload),
            origin=_origin(source, service.path),
        )
        for name, service in tables.services.items()
    }
    warnings = [choice.warning for choice in choices.values() if choice.warning]
    if contained and runtime == NATIVE:
        left = ", ".join(f"`{name}`" for name in contained)
        warnings.append(f"mode `{mode}` runs {left} in containers, and no `{COMPOSE}` runtime is installed: left out")
    project = tables.project.table
    return Project(
        name=project.name or root.name or "project",
        root=root,
        file=source.file,
        services=MappingProxyType(services),
        modes=MappingProxyType(modes),
        mode=mode,
        env=around.env,
        compose=around.compose,
        steps=MappingProxyType(_steps(source, tables, around)),
        pass_env=tuple(project.pass_env),
        gateway=MappingProxyType(tables.gateway.table.model_dump()) if tables.gateway else None,
        cluster=MappingProxyType(tables.cluster.table.model_dump()) if tables.cluster else None,
        warnings=tuple(warnings),
    )


def _service(
    name: str,
    table: ServiceTable,
    around: Surroundings,
    choice: Choice,
    not_source: Apart,
    *,
    runtime: str,
    hot_reload: bool,
    origin: Origin,
) -> Service:
    directory = _there(around.services[name].directory)
    health = table.health
    return Service(
        name=name,
        directory=directory,
        stack=choice.stack,
        runtime=runtime,
        command=_words(table.command),
        build=_words(table.build),
        check=_words(table.check),
        args=tuple(table.args),
        env=MappingProxyType(dict(table.env)),
        env_file=around.services[name].env_file,
        port=table.port,
        ports=tuple(_endpoint(key, one) for key, one in table.ports.items()),
        host=table.host,
        port_env=table.port_env,
        listen=Listen(table.listen),
        launch=Launch(table.launch),
        health=None if health is None else _probe(health, directory),
        pace=Pace() if health is None else Pace(health.interval, health.timeout, health.retries, health.start_period),
        needs=tuple(dict.fromkeys(table.needs)),
        watch=around.services[name].watch,
        ignore=tuple(table.ignore),
        apart=not_source.of(directory, around.services[name].watch, stack=choice.stack),
        debounce=None if table.debounce is None else _debounce(float(table.debounce)),
        restart=Restart(table.restart),
        optional=table.optional,
        stop=Stop(table.stop.signal, table.stop.grace),
        options=choice.options,
        runtime_options=choice.runtime_options,
        hot_reload=hot_reload,
        origin=origin,
        evidence=choice.evidence,
    )


def _debounce(quiet: float) -> Debounce:
    """A limit below the quiet time itself would be the quiet time."""
    return Debounce(quiet, max(Debounce().limit, 2 * quiet))


def _steps(source: Source, tables: Tables, around: Surroundings) -> dict[str, Step]:
    return {
        name: Step(
            name=name,
            run=tuple(step.table.run),
            directory=_there(around.steps[name]),
            needs=tuple(dict.fromkeys(step.table.needs)),
            origin=_origin(source, step.path),
        )
        for name, step in tables.steps.items()
    }


def _endpoint(name: str, table: EndpointTable) -> Endpoint:
    return Endpoint(name, table.port, table.inside_port, table.path, Listen(table.listen))


def _probe(health: HealthTable, directory: Path) -> Probe | None:
    if health.http is not None:
        return HttpProbe(health.http)
    if health.tcp:
        return TcpProbe()
    if health.exec is not None:
        return ExecProbe(Command(tuple(health.exec), directory))
    if health.log is not None:
        return LogProbe(health.log)
    if health.notify:
        return NotifyProbe()
    return AliveProbe() if health.alive else None


def _words(words: list[str] | None) -> tuple[str, ...] | None:
    return None if words is None else tuple(words)


def _origin(source: Source, path: KeyPath) -> Origin:
    return Origin(source.file, source.positions.of(source.prefix + path).line)


def _there(value: T | None) -> T:
    if value is None:
        raise AssertionError("a mistake was noted and not raised")
    return value
