"""Typed fronts on the hooks: who is asked, what `hybrid.toml` decides, and what holds when nobody answers.

Every function may be called from any thread, blocks for as long as a hook may (10 s each) and raises
`PluginBroken`, naming the distribution, when the plugin that brings the stack or the runtime fails.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hybrid_tasks.errors import HybridError, PluginBroken
from hybrid_tasks.model.command import Command
from hybrid_tasks.model.events import Event
from hybrid_tasks.model.info import Detected, GatewayInfo, Tool
from hybrid_tasks.model.plan import CleanPlan, DebugPlan, Place, ReloadAction, ReloadPlan, RunPlan, StartPlan, Target
from hybrid_tasks.model.probe import Probe
from hybrid_tasks.model.project import Project
from hybrid_tasks.model.routes import GatewaySettings, Route
from hybrid_tasks.model.service import Endpoint, Service
from hybrid_tasks.model.watching import Burst, Debounce, Watch
from hybrid_tasks.plugin import defaults
from hybrid_tasks.plugin.host import Host
from hybrid_tasks.plugin.tools import Runner, trouble


def _asked(host: Host, service: Service, hook: str, expected: Any, default: Any, **arguments: object) -> Any:
    given = {"service": service, **arguments}
    return host.ask(hook, expected, lambda: default, given, stack=service.stack, runtime=service.runtime)


def start_plan(host: Host, service: Service, place: Place) -> StartPlan:
    """Say how an instance is checked, built and started.

    Raises:
        HybridError: nobody knows how, or the stack says why it cannot.
    """
    plan: StartPlan | None = None
    try:
        plan = _asked(host, service, "stack_start", StartPlan, None, place=place)
    except PluginBroken:
        raise
    except HybridError:
        # A stack that finds nothing to start is no reason to refuse the user's own command.
        if service.command is None:
            raise
    settled = defaults.settled(service, place, plan)
    if settled is None:
        raise _unknown(host, service)
    return settled


def port_variables(service: Service) -> dict[str, str]:
    """Give the variable with which every program of a service is told its port; it wins over all others."""
    return defaults.port_variables(service, service.port)


def _unknown(host: Host, service: Service) -> HybridError:
    record = host.silent(service.stack) if service.stack else None
    if record is not None:
        return PluginBroken(
            f"the stack `{service.stack}` comes from {record.title}, which is not used: {record.trouble}",
            record.cure,
            subject=f"service `{service.name}`",
        )
    return HybridError(
        f"nobody knows how `{service.name}` starts",
        f'set services.{service.name}.command = ["program", "argument"], or a `stack`',
        subject=f"service `{service.name}`",
    )


def reload_plan(host: Host, service: Service, burst: Burst) -> ReloadPlan:
    """Say what a burst of changes asks for; a full rebuild unless the stack knows better."""
    plan: ReloadPlan = _asked(host, service, "stack_reload", ReloadPlan, ReloadPlan(ReloadAction.REBUILD), burst=burst)
    return plan


def debounce(host: Host, service: Service) -> Debounce:
    """Say how long the tree must be quiet before a switch."""
    if service.debounce is not None:
        return service.debounce
    answer: Debounce = _asked(host, service, "stack_debounce", Debounce, Debounce())
    return answer


def health(host: Host, service: Service) -> Probe:
    """Say how the service is asked whether it is well."""
    if service.health is not None:
        return service.health
    answer: Probe = _asked(host, service, "stack_health", Probe, defaults.health(service))
    return answer


def watch(host: Host, service: Service) -> Watch:
    """Say which files decide what the service runs; `watch` and `ignore` of `hybrid.toml` come on top."""
    return defaults.widened(service, _asked(host, service, "stack_watch", Watch, defaults.watch(service)))


def test_command(host: Host, service: Service, args: tuple[str, ...]) -> Command | None:
    """Give the command that runs the service's tests, or None when nobody knows one."""
    answer: Command | None = _asked(host, service, "stack_test", Command, None, arguments=args)
    return answer


def clean_plan(host: Host, service: Service) -> CleanPlan:
    """Say what may be removed of a service; paths outside its directory are left out."""
    return _inside(service.directory, _asked(host, service, "stack_clean", CleanPlan, CleanPlan()))


def detect(
    host: Host, directory: Path, dockerfile: Path | None = None, command: tuple[str, ...] | None = None
) -> list[tuple[str, Detected]]:
    """Ask every stack whether a directory is its own.

    Returns:
        the stacks that said yes with their answers, the highest score first, equal scores by name.
    """
    arguments = {"directory": directory, "dockerfile": dockerfile, "command": command}
    found = []
    for guest in host.guests.having("stack_detect"):
        name = host.guests.record(guest).stack
        if name is None or name not in host.stacks:
            continue
        try:
            answer = host.guests.ask(guest, "stack_detect", Detected, arguments)
        except HybridError:
            continue  # a broken plugin is muted and named in `dev-plugins`; the others decide
        if answer is not None and answer.score > 0:
            found.append((name, answer))
    return sorted(found, key=lambda pair: (-pair[1].score, pair[0]))


def run_plans(
    host: Host,
    services: tuple[Service, ...],
    plans: Mapping[str, StartPlan],
    envs: Mapping[str, Mapping[str, str]],
) -> tuple[RunPlan, ...]:
    """Say how services are started, each by its own runtime; one plan may cover many of them.

    Raises:
        PluginBroken: a runtime is missing, or leaves a service out.
    """
    result: list[RunPlan] = []
    for runtime in dict.fromkeys(service.runtime for service in services):
        mine = tuple(service for service in services if service.runtime == runtime)
        arguments = {"services": mine, "plans": plans, "envs": envs}
        answer: tuple[RunPlan, ...] | None = host.ask(
            "runtime_plan", tuple[RunPlan, ...], lambda: None, arguments, runtime=runtime
        )
        covered = sorted(service.name for plan in answer or () for service in plan.services)
        if answer is None or covered != sorted(service.name for service in mine):
            raise _runtime_missing(host, runtime, "does not start", mine[0])
        result.extend(answer)
    return tuple(result)


def _runtime_missing(host: Host, runtime: str, fault: str, service: Service) -> PluginBroken:
    record = host.silent(runtime)
    subject = f"service `{service.name}`"
    if record is not None:
        return PluginBroken(f"the runtime `{runtime}` is not used: {record.trouble}", record.cure, subject=subject)
    return PluginBroken(f"the runtime `{runtime}` {fault} `{service.name}`", "see `inv dev-plugins`", subject=subject)


def stop_commands(host: Host, services: tuple[Service, ...]) -> tuple[Command, ...]:
    """Give the commands that stop services, beyond ending their processes."""
    result: list[Command] = []
    for runtime in dict.fromkeys(service.runtime for service in services):
        mine = tuple(service for service in services if service.runtime == runtime)
        answer: tuple[Command, ...] | None = host.ask(
            "runtime_stop", tuple[Command, ...], lambda: None, {"services": mine}, runtime=runtime
        )
        result.extend(answer or ())
    return tuple(result)


def log_follower(host: Host, service: Service, since: float) -> Command | None:
    """Give a command whose output is the service's log since a time (epoch seconds), or None if it has none."""
    answer: Command | None = _asked(host, service, "runtime_logs", Command, None, since=since)
    return answer


def exec_command(host: Host, service: Service, command: tuple[str, ...], terminal: bool) -> Command:
    """Give the command that runs the user's words inside the service's place; no words mean a shell.

    Raises:
        PluginBroken: the runtime cannot.
    """
    answer: Command | None = _asked(host, service, "runtime_exec", Command, None, command=command, terminal=terminal)
    if answer is None:
        raise _runtime_missing(host, service.runtime, "cannot run a command inside", service)
    return answer


def target(host: Host, service: Service, endpoint: Endpoint, seen_from: str) -> Target | None:
    """Give an endpoint's address as seen from a runtime, or None when it cannot be reached from there."""
    answer: Target | None = _asked(
        host, service, "runtime_target", Target, None, endpoint=endpoint, seen_from=seen_from
    )
    return answer


def project_clean(host: Host, project: Project) -> CleanPlan:
    """Say what the runtimes left that belongs to the project; paths outside it are left out."""
    runtimes = sorted({service.runtime for service in project.services.values()})
    given = {"project": project}
    plans = [host.ask("runtime_clean", CleanPlan, CleanPlan, given, runtime=runtime) for runtime in runtimes]
    together = CleanPlan(
        paths=tuple(path for plan in plans for path in plan.paths),
        volumes=tuple(volume for plan in plans for volume in plan.volumes),
        commands=tuple(command for plan in plans for command in plan.commands),
    )
    return _inside(project.root, together)


def front(host: Host, kind: str | None) -> GatewayInfo | None:
    """Choose the gateway that stands in front of services: the one asked for if it can, else one that can.

    Args:
        host: the plugins.
        kind: `kind` of `[gateway]`.
    """
    able = sorted(
        (info for info in host.gateways.values() if info.front), key=lambda info: (info.name != kind, info.name)
    )
    return able[0] if able else None


def gateway_files(host: Host, gateway: str, routes: tuple[Route, ...], settings: GatewaySettings) -> Mapping[str, str]:
    """Give the files with which a gateway serves these routes, by their names in its folder.

    Raises:
        PluginBroken: the gateway's plugin fails, or gives none.
    """
    answer: Mapping[str, str] | None = host.ask(
        "gateway_render", Mapping[str, str], lambda: None, {"routes": routes, "settings": settings}, gateway=gateway
    )
    if answer is None:
        raise PluginBroken(f"the gateway `{gateway}` gives no files", "see `inv dev-plugins`")
    return answer


def missing_tools(host: Host, service: Service, path: str | None = None, run: Runner | None = None) -> list[Tool]:
    """Give the programs that the service's stack and runtime need and this machine lacks.

    Args:
        host: the plugins.
        service: which service.
        path: the PATH of the service's environment (default: this process's).
        run: tries whether a tool that is there works; without it only its file is looked at.
    """
    return [tool for tool in tools(host, service) if trouble(tool, path, run) is not None]


def tools(host: Host, service: Service) -> list[Tool]:
    """Give the programs that the service's stack and runtime need; known without asking anybody."""
    infos = (host.stacks.get(service.stack or ""), host.runtimes.get(service.runtime))
    return [tool for info in infos if info is not None for tool in info.tools]


def lacking(plan: StartPlan | DebugPlan, path: str | None = None) -> list[Tool]:
    """Give the programs that a plan needs beyond its stack's and this machine lacks.

    Args:
        plan: what a stack wants started.
        path: the PATH of the service's environment (default: this process's).
    """
    return [tool for tool in plan.tools if trouble(tool, path) is not None]


def tell(host: Host, event: Event) -> None:
    """Tell every observer of an event; one that fails is muted and disturbs nobody."""
    for guest in host.guests.having("on_event"):
        if host.guests.record(guest).trouble is None:
            try:
                host.guests.ask(guest, "on_event", object, {"event": event})
            except HybridError:
                continue


def _inside(directory: Path, plan: CleanPlan) -> CleanPlan:
    home = directory.resolve()
    # A link is removed, not followed: where it lies counts, not where it leads.
    paths = tuple(path for path in plan.paths if home in (path.parent.resolve() / path.name).parents)
    return CleanPlan(paths, plan.volumes, plan.commands)
