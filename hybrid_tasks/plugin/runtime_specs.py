"""The hooks of a runtime plugin: where instances run, and how they are stopped, entered and cleaned there."""

from __future__ import annotations

from collections.abc import Mapping

from hybrid_tasks.model.command import Command
from hybrid_tasks.model.info import RuntimeInfo
from hybrid_tasks.model.plan import CleanPlan, RunPlan, StartPlan, Target
from hybrid_tasks.model.project import Project
from hybrid_tasks.model.service import Endpoint, Service
from hybrid_tasks.plugin.markers import hookspec


@hookspec
def runtime_info() -> RuntimeInfo | None:
    """Claim a runtime's name.

    Example:
        @hookimpl
        def runtime_info():
            return RuntimeInfo(name="native", title="processes of this machine")
    """


@hookspec(firstresult=True)
def runtime_plan(
    services: tuple[Service, ...], plans: Mapping[str, StartPlan], envs: Mapping[str, Mapping[str, str]]
) -> tuple[RunPlan, ...] | None:
    """Say how these services are started; one plan may cover many.

    Example:
        @hookimpl
        def runtime_plan(services, plans, envs):
            return tuple(RunPlan(services=(s,), main=plans[s.name].program) for s in services)
    """


@hookspec(firstresult=True)
def runtime_stop(services: tuple[Service, ...]) -> tuple[Command, ...] | None:
    """Give the commands that stop these services (none: their processes are ended).

    Example:
        @hookimpl
        def runtime_stop(services):
            return ()
    """


@hookspec(firstresult=True)
def runtime_logs(service: Service, since: float) -> Command | None:
    """Give a follower whose output becomes the service's log, or None when the instance writes it itself.

    Example:
        @hookimpl
        def runtime_logs(service, since):
            return None
    """


@hookspec(firstresult=True)
def runtime_exec(service: Service, command: tuple[str, ...], terminal: bool) -> Command | None:
    """Give the command that runs the user's words inside the service's place; no words mean a shell.

    Example:
        @hookimpl
        def runtime_exec(service, command, terminal):
            return Command(command or ("sh",), service.directory)
    """


@hookspec(firstresult=True)
def runtime_target(service: Service, endpoint: Endpoint, seen_from: str) -> Target | None:
    """Give the address of an endpoint as seen from `native` or another runtime's name.

    Example:
        @hookimpl
        def runtime_target(service, endpoint, seen_from):
            return Target("127.0.0.1", endpoint.port)
    """


@hookspec(firstresult=True)
def runtime_clean(project: Project) -> CleanPlan | None:
    """Say what this runtime left that belongs to the project.

    Example:
        @hookimpl
        def runtime_clean(project):
            return CleanPlan()
    """
