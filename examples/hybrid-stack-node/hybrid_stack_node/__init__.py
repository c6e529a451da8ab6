"""The Node.js stack: a complete plugin of hybrid-tasks, to start your own from.

What lives here: the hooks (this file), the options table (`options.py`), finding what to run (`finding.py`).
What does not: starting, watching or ending anything. A hook answers with data; the supervisor acts.
"""

from __future__ import annotations

from pathlib import Path

from hybrid_stack_node.finding import entry_of, scored
from hybrid_stack_node.options import NodeOptions
from hybrid_tasks.api import (
    Burst,
    CleanPlan,
    Command,
    Detected,
    Listen,
    Place,
    ReloadAction,
    ReloadPlan,
    Service,
    StackInfo,
    StartPlan,
    Tool,
    ToolMissing,
    Watch,
    hookimpl,
)

LOCKS = frozenset({"package.json", "package-lock.json", "npm-shrinkwrap.json", "pnpm-lock.yaml", "yarn.lock"})


@hookimpl
def stack_info() -> StackInfo:
    """Claim the name `node`: from here on this plugin is asked about services with `stack = "node"`, and only those."""
    return StackInfo(
        name="node",
        title="Node.js",
        tools=(Tool("node", "install Node.js: `apt-get install nodejs npm` or `brew install node`", ("--version",)),),
        markers=("package.json",),
        options=NodeOptions,
    )


@hookimpl
def stack_detect(directory: Path, command: tuple[str, ...] | None) -> Detected | None:
    """Say how sure we are; a hook takes only those arguments of its specification that it needs."""
    return scored(directory, command)


@hookimpl
def stack_start(service: Service, place: Place) -> StartPlan:
    """Run node itself, not `npm start`: npm would stand between the supervisor and the program."""
    directory = service.directory
    entry = entry_of(service.name, directory, _options(service))
    if entry.needs_packages and not (directory / "node_modules").is_dir():
        raise ToolMissing(
            f"the packages of {directory}/package.json are not installed", f"cd {directory} && npm install"
        )
    # `place.source` is a kept copy of the last good source, set when a broken version is rolled back.
    file = (place.source or directory) / entry.file
    program = Command(("node", *_options(service).flags, str(file), *entry.arguments, *service.args), directory)
    return StartPlan(program, listen=Listen.INHERIT if entry.takes_a_socket else Listen.OWN)


@hookimpl
def stack_reload(burst: Burst) -> ReloadPlan:
    """Restart for source; tell why where a restart alone may not be enough."""
    for file in burst.files:
        if file.name in LOCKS:
            return ReloadPlan(ReloadAction.REBUILD, f"{file.name} changed")
    return ReloadPlan(ReloadAction.RESTART)


@hookimpl
def stack_watch(service: Service) -> Watch:
    """Watch source, templates and manifests; `node_modules` is left out without our saying so."""
    counted = ("*.js", "*.mjs", "*.cjs", "*.json", "*.html", "*.ejs", "*.hbs", "*.pug", *sorted(LOCKS))
    return Watch((service.directory,), include=counted, ignore=("*.test.js", "/test/", "/coverage/"))


@hookimpl
def stack_test(service: Service, arguments: tuple[str, ...]) -> Command:
    """Run node's own test runner."""
    return Command(("node", "--test", *arguments), service.directory)


@hookimpl
def stack_clean(service: Service) -> CleanPlan:
    """List what tools keep below `node_modules`, not the packages themselves."""
    return CleanPlan(paths=(service.directory / "node_modules" / ".cache",))


def _options(service: Service) -> NodeOptions:
    return service.options if isinstance(service.options, NodeOptions) else NodeOptions()
