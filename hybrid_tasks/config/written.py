"""A project in the words of `hybrid.toml`: whatever is told of it can be written there as it is told."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from pydantic import BaseModel

from hybrid_tasks.model.probe import AliveProbe, ExecProbe, HttpProbe, LogProbe, NotifyProbe, Probe, TcpProbe
from hybrid_tasks.model.project import Mode, Project, Step
from hybrid_tasks.model.service import Endpoint, Service

_KEYS = {"directory": "dir", "pace": "health"}


def key_of(field: str, service: Service) -> str:
    """Give the key of `hybrid.toml` that a field of a service comes from.

    Args:
        field: its name in `Service`.
        service: whose.
    """
    named = {"options": service.stack or "stack", "runtime_options": service.runtime}
    return {**_KEYS, **named}.get(field, field)


def written(project: Project) -> dict[str, object]:
    """Give the tables of a `hybrid.toml` that describes a project, with every default.

    Args:
        project: as it was loaded.

    Returns:
        what `json.dumps` takes; keys without a value are left out.
    """
    root = project.root
    tables: dict[str, object] = {
        "project": {
            "name": project.name,
            "compose": _paths(project.compose, root),
            "env": _paths(project.env, root),
            "pass_env": list(project.pass_env),
        },
        "modes": {name: _mode(mode, root) for name, mode in project.modes.items()},
        "services": {name: _service(service, root) for name, service in project.services.items()},
        "gateway": None if project.gateway is None else _set(**project.gateway),
        "cluster": None if project.cluster is None else _set(**project.cluster),
        "steps": {name: _step(step, root) for name, step in project.steps.items()},
    }
    return _set(**tables)


def _mode(mode: Mode, root: Path) -> dict[str, object]:
    return _set(
        compose=_paths(mode.compose, root),
        profiles=list(mode.profiles),
        env=_paths(mode.env, root),
        native=None if mode.native is None else list(mode.native),
        hot_reload=mode.hot_reload,
    )


def _step(step: Step, root: Path) -> dict[str, object]:
    return _set(run=list(step.run), dir=_path(step.directory, root), needs=list(step.needs))


def _service(service: Service, root: Path) -> dict[str, object]:
    tables = {service.stack: service.options, service.runtime: service.runtime_options}
    pace = service.pace
    return _set(
        stack=service.stack,
        dir=_path(service.directory, root),
        runtime=service.runtime,
        command=_words(service.command),
        build=_words(service.build),
        check=_words(service.check),
        args=list(service.args),
        env=dict(service.env),
        env_file=_paths(service.env_file, root),
        port=service.port,
        ports={port.name: _endpoint(port) for port in service.ports},
        host=service.host,
        port_env=service.port_env,
        listen=service.listen.value,
        launch=service.launch.value,
        health=_set(
            **_probe(service.health),
            interval=pace.interval,
            timeout=pace.timeout,
            retries=pace.retries,
            start_period=pace.start_period,
        ),
        needs=list(service.needs),
        watch=_paths(service.watch, service.directory),
        ignore=list(service.ignore),
        debounce=service.debounce.quiet if service.debounce is not None else None,
        restart=service.restart.value,
        optional=service.optional,
        stop={"signal": service.stop.signal, "grace": service.stop.grace},
        **{
            name: options.model_dump(mode="json", exclude_none=True)
            for name, options in tables.items()
            if name is not None and isinstance(options, BaseModel)
        },
    )


def _endpoint(port: Endpoint) -> dict[str, object]:
    return _set(port=port.port, inside_port=port.inside_port, path=port.path or None, listen=port.listen.value)


def _probe(probe: Probe | None) -> dict[str, object]:
    match probe:
        case HttpProbe(path=path):
            return {"http": path}
        case TcpProbe():
            return {"tcp": True}
        case ExecProbe(command=command):
            return {"exec": list(command.argv)}
        case LogProbe(pattern=pattern):
            return {"log": pattern}
        case NotifyProbe():
            return {"notify": True}
        case AliveProbe():
            return {"alive": True}
        case _:
            return {}


def _words(words: tuple[str, ...] | None) -> list[str] | None:
    return None if words is None else list(words)


def _paths(paths: Iterable[Path], base: Path) -> list[str]:
    return [_path(path, base) for path in paths]


def _path(path: Path, base: Path) -> str:
    return os.path.relpath(path, base)


def _set(**keys: object) -> dict[str, object]:
    return {key: value for key, value in keys.items() if value is not None}
