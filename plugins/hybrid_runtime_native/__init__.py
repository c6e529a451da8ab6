"""The native runtime: every instance is a process of this machine, started and ended by the supervisor.

What lives here: one run plan a service, and the command that enters its place.
What does not: starting, watching or ending a process.
"""

from __future__ import annotations

from collections.abc import Mapping

from hybrid_tasks.api import Command, Endpoint, RunPlan, RuntimeInfo, Service, StartPlan, Target, hookimpl

EVERYWHERE = frozenset({"0.0.0.0", "::", ""})  # noqa: S104 - compared with, never bound


@hookimpl
def runtime_info() -> RuntimeInfo:
    """Claim `native`."""
    return RuntimeInfo("native", "processes of this machine")


@hookimpl
def runtime_plan(services: tuple[Service, ...], plans: Mapping[str, StartPlan]) -> tuple[RunPlan, ...]:
    """Run each service's own program: one plan each."""
    return tuple(RunPlan((service,), main=plans[service.name].program) for service in services)


@hookimpl
def runtime_stop() -> tuple[Command, ...]:
    """Need no command: the supervisor ends its processes."""
    return ()


@hookimpl
def runtime_exec(service: Service, command: tuple[str, ...]) -> Command:
    """Run exactly these words in the service's directory; none mean the user's shell."""
    return Command(command or (service.variables().get("SHELL") or "/bin/sh",), service.directory)


@hookimpl
def runtime_target(service: Service, endpoint: Endpoint, seen_from: str) -> Target | None:
    """Give the loopback address to processes of this machine; others must ask their own runtime."""
    if seen_from != "native":
        return None
    return Target("127.0.0.1" if service.host in EVERYWHERE else service.host, endpoint.port)
