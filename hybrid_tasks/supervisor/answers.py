"""What can be answered from the configuration alone: asked of the running supervisor, or of a child with `--once`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from hybrid_tasks.config.nearest import suggestion
from hybrid_tasks.config.selection import mode_set
from hybrid_tasks.config.written import written
from hybrid_tasks.control.messages import Request
from hybrid_tasks.control.paths import hybrid_dir
from hybrid_tasks.env.environment import Environment, Layer
from hybrid_tasks.env.layers import resolve
from hybrid_tasks.env.variable import Variable
from hybrid_tasks.errors import HybridError, Mistakes, ToolMissing, WrongInput
from hybrid_tasks.model.command import Command
from hybrid_tasks.model.project import Step
from hybrid_tasks.model.service import Service
from hybrid_tasks.plugin import routing
from hybrid_tasks.supervisor import cleaning, diagnosis
from hybrid_tasks.supervisor.attaching import attachment
from hybrid_tasks.supervisor.consulting import trial
from hybrid_tasks.supervisor.loaded import Loaded
from hybrid_tasks.supervisor.order import STEP, needed_steps, waves, with_needs
from hybrid_tasks.supervisor.plain import plain

Answer = Callable[[Loaded, Request], object]

# What a program on the user's terminal needs to know about it; a service behind a pipe never gets these.
TERMINAL = ("TERM", "COLORTERM", "TERM_PROGRAM", "TMUX", "DISPLAY", "WAYLAND_DISPLAY", "EDITOR", "PAGER", "NO_COLOR")


def service_of(loaded: Loaded, name: str) -> Service:
    """Find a service.

    Raises:
        WrongInput: there is none of that name; the closest one is named.
    """
    services = loaded.project.services
    if name not in services:
        raise WrongInput(f"there is no service `{name}`", suggestion(name, services))
    return services[name]


def chosen(loaded: Loaded, names: tuple[str, ...]) -> tuple[str, ...]:
    """Check names of services; none means all that the mode runs natively."""
    for name in names:
        service_of(loaded, name)
    return names or mode_set(loaded.project)


def resolved(loaded: Loaded, service: Service, client: Mapping[str, str]) -> Environment:
    """The environment of a native instance with its layers; the service's port is the highest of them."""
    found = resolve(loaded.project, service, client)
    origin = f"services.{service.name}.port"
    port = tuple(Variable(name, value, origin) for name, value in routing.port_variables(service).items())
    return replace(found, layers=(*found.layers, Layer(origin, port))) if port else found


def environment(loaded: Loaded, service: Service, client: Mapping[str, str]) -> dict[str, str]:
    """The environment of a native instance."""
    return resolved(loaded, service, client).values()


def _told(loaded: Loaded, service: Service, client: Mapping[str, str]) -> Service:
    """Give a service with the environment of its programs, as plugins are told about it."""
    return replace(service, environ=environment(loaded, service, client))


def check_environments(loaded: Loaded, names: Iterable[str], client: Mapping[str, str]) -> list[str]:
    """Resolve the environments of services before any of them is started.

    Args:
        loaded: the project.
        names: which services.
        client: the environment of the client that asks.

    Returns:
        warnings, each once.

    Raises:
        Mistakes: what is wrong in any env file or table, each mistake once.
    """
    mistakes: dict[str, HybridError] = {}
    warnings: dict[str, None] = {}
    for name in names:
        try:
            warnings.update(dict.fromkeys(resolve(loaded.project, loaded.project.services[name], client).warnings))
        except Mistakes as wrong:
            mistakes.update({mistake.message: mistake for mistake in wrong.mistakes})
    if mistakes:
        raise Mistakes(list(mistakes.values()))
    return list(warnings)


def _on_terminal(loaded: Loaded, request: Request, service: Service, command: Command) -> dict[str, object]:
    client = request.env or {}
    terminal = {name: client[name] for name in TERMINAL if name in client}
    env = {**terminal, **environment(loaded, service, client), **command.env}
    return {"service": service.name, "argv": list(command.argv), "cwd": str(command.cwd), "env": env}


def _exec(loaded: Loaded, request: Request) -> object:
    service = service_of(loaded, request.args["service"])
    told = _told(loaded, service, request.env or {})
    command = routing.exec_command(loaded.host, told, tuple(request.args["words"]), terminal=True)
    return _on_terminal(loaded, request, service, command)


def _test(loaded: Loaded, request: Request) -> object:
    commands: list[object] = []
    for name in chosen(loaded, request.args["services"]):
        service = _told(loaded, service_of(loaded, name), request.env or {})
        missing = routing.missing_tools(loaded.host, service, (request.env or {}).get("PATH"))
        command = routing.test_command(loaded.host, service, tuple(request.args["arguments"]))
        if missing:
            skipped = {"service": name, "skipped": f"`{missing[0].executable}` is missing", "hint": missing[0].install}
            commands.append(skipped)
        elif command is None:
            commands.append({"service": name, "skipped": "its stack knows no tests", "hint": ""})
        else:
            commands.append(_on_terminal(loaded, request, service, command))
    return {"commands": commands}


def _env(loaded: Loaded, request: Request) -> object:
    service = service_of(loaded, request.args["service"])
    return {"variables": resolved(loaded, service, request.env or {}).explain()}


def _config(loaded: Loaded, request: Request) -> object:
    if request.args["schema"]:
        from hybrid_tasks.config.schema import json_schema

        return json_schema(loaded.host)
    project = loaded.project
    services = project.services.values()
    return {
        "schema": 1,
        "root": str(project.root),
        "file": None if project.file is None else str(project.file),
        "mode": project.mode,
        "warnings": list(project.warnings),
        "detected": {service.name: service.evidence for service in services if service.evidence},
        "unwatched": [service.name for service in services if not service.hot_reload],
        **written(project),
    }


def _plugins(loaded: Loaded, _request: Request) -> object:
    return {"plugins": [plain(record) for record in loaded.host.plugins]}


def _doctor(loaded: Loaded, request: Request) -> object:
    return {"checks": diagnosis.checks(loaded, request.env or {})}


def _clean(loaded: Loaded, request: Request) -> object:
    return cleaning.answer(loaded, request)


def _step(loaded: Loaded, request: Request) -> object:
    name = request.args["name"]
    steps = loaded.project.steps
    if name not in steps:
        hint = suggestion(name, steps) or f"add [steps.{name}] to hybrid.toml"
        raise WrongInput(f"there is no step `{name}`", hint)
    step = steps[name]
    service = Service(name, step.directory)
    told = _on_terminal(loaded, request, service, Command(step.run, step.directory))
    return {**told, "needs": list(step.needs)}


def _plan(loaded: Loaded, request: Request) -> object:
    services, steps = loaded.project.services, loaded.project.steps
    names = with_needs(services, chosen(loaded, request.args["services"]), steps)
    plan: list[dict[str, object]] = []
    for number, wave in enumerate(waves(services, (*names, *needed_steps(services, names, steps)), steps)):
        for name in wave:
            step = steps.get(name.removeprefix(STEP)) if name.startswith(STEP) else None
            told = _planned(loaded, services[name], request.env or {}) if step is None else _run_once(step)
            plan.append({"service": name, "wave": number, **told})
    return {"plan": plan}


def _attachments(loaded: Loaded, request: Request) -> object:
    client, project = request.env or {}, loaded.project
    folder = hybrid_dir(project.root, client)
    told = [_told(loaded, service, client) for service in project.services.values()]
    return {"services": [attachment(loaded.host, project, service, folder) for service in told]}


def _run_once(step: Step) -> dict[str, object]:
    return {"action": "run", "command": list(step.run), "build": None, "cwd": str(step.directory), "why": ""}


def _planned(loaded: Loaded, service: Service, client: Mapping[str, str]) -> dict[str, object]:
    start, why = None, ""
    try:
        start = trial(loaded.host, _told(loaded, service, client), client.get("PATH"))
    except ToolMissing as missing:
        why = f"blocked: {missing.message}; {missing.hint}"
    words = list(start.program.argv) if start else []
    built = list(start.build.command.argv) if start and start.build else None
    action = "start" if start else "blocked"
    return {"action": action, "command": words, "build": built, "cwd": str(service.directory), "why": why}


ANSWERS: Mapping[str, Answer] = {
    "exec": _exec,
    "test": _test,
    "env": _env,
    "config": _config,
    "plugins": _plugins,
    "doctor": _doctor,
    "clean": _clean,
    "step": _step,
    "start": _plan,
    "attachments": _attachments,
}
