"""The hooks of a stack plugin: how a language is built, run, watched, checked, tested and cleaned.

Only `stack_info` and `stack_start` are required. Every hook is synchronous, answers with data within 10 s
and starts nothing; None means "ask the next one".
"""

from __future__ import annotations

from pathlib import Path

from hybrid_tasks.model.command import Command
from hybrid_tasks.model.info import Detected, StackInfo
from hybrid_tasks.model.plan import CleanPlan, DebugPlan, Place, ReloadPlan, StartPlan
from hybrid_tasks.model.probe import Probe
from hybrid_tasks.model.service import Service
from hybrid_tasks.model.watching import Burst, Debounce, Watch
from hybrid_tasks.plugin.markers import hookspec


@hookspec
def stack_info() -> StackInfo | None:
    """Claim a stack's name and say which tools it needs.

    Example:
        @hookimpl
        def stack_info():
            return StackInfo(name="node", title="Node.js", tools=(Tool("node", "apt-get install nodejs"),))
    """


@hookspec
def stack_detect(directory: Path, dockerfile: Path | None, command: tuple[str, ...] | None) -> Detected | None:
    """Say whether a directory looks like this stack; every stack is asked and the highest score wins.

    Example:
        @hookimpl
        def stack_detect(directory, dockerfile, command):
            if (directory / "package.json").is_file():
                return Detected(score=50, evidence="package.json")
    """


@hookspec(firstresult=True)
def stack_start(service: Service, place: Place) -> StartPlan | None:
    """Say how an instance of the service is checked, built and started at a place.

    Example:
        @hookimpl
        def stack_start(service, place):
            return StartPlan(program=Command(("node", "server.js"), service.directory))
    """


@hookspec(firstresult=True)
def stack_reload(service: Service, burst: Burst) -> ReloadPlan | None:
    """Say what a burst of changes asks for; the default is a full rebuild.

    Example:
        @hookimpl
        def stack_reload(service, burst):
            if any(file.name == "package.json" for file in burst.files):
                return ReloadPlan(ReloadAction.REBUILD, "package.json changed")
    """


@hookspec(firstresult=True)
def stack_debounce(service: Service) -> Debounce | None:
    """Say how long the tree must be quiet before a switch.

    Example:
        @hookimpl
        def stack_debounce(service):
            return Debounce(quiet=0.5)
    """


@hookspec(firstresult=True)
def stack_health(service: Service) -> Probe | None:
    """Say how the service is asked whether it is well.

    Example:
        @hookimpl
        def stack_health(service):
            return HttpProbe("/healthz")
    """


@hookspec(firstresult=True)
def stack_watch(service: Service) -> Watch | None:
    """Say which files decide what the service runs.

    Example:
        @hookimpl
        def stack_watch(service):
            return Watch((service.directory,), include=("*.js", "package.json"))
    """


@hookspec(firstresult=True)
def stack_debug(service: Service, place: Place, command: tuple[str, ...]) -> DebugPlan | None:
    """Say how the service runs under a debugger.

    Example:
        @hookimpl
        def stack_debug(service, place, command):
            return DebugPlan(Command(("node", "--inspect=127.0.0.1:9229", "server.js"), service.directory), port=9229)
    """


@hookspec(firstresult=True)
def stack_test(service: Service, arguments: tuple[str, ...]) -> Command | None:
    """Give the command that runs the service's tests with the user's arguments at the end.

    Example:
        @hookimpl
        def stack_test(service, arguments):
            return Command(("node", "--test", *arguments), service.directory)
    """


@hookspec(firstresult=True)
def stack_clean(service: Service) -> CleanPlan | None:
    """Say what the stack's own caches are; only what lies inside the service's directory is ever removed.

    Example:
        @hookimpl
        def stack_clean(service):
            return CleanPlan(paths=(service.directory / "node_modules" / ".cache",))
    """
