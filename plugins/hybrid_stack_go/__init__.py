"""The Go stack: `go build` of a service's main package into a fresh artefact.

What lives here: finding the program (`finding.py`), reading modules and source as far as that needs
(`modules.py`, `sources.py`), the plan (`starting.py`), what a save means (`changes.py`).
What does not: running the go tool; a plan only says how.
Read `starting.py` first.
"""

from __future__ import annotations

from pathlib import Path

from hybrid_stack_go import changes, debugging, starting
from hybrid_stack_go.detecting import detect
from hybrid_stack_go.options import GoOptions
from hybrid_tasks.api import (
    Burst,
    CleanPlan,
    Command,
    Debounce,
    DebugPlan,
    Detected,
    Place,
    ReloadPlan,
    Service,
    StackInfo,
    StartPlan,
    Tool,
    Watch,
    WrongInput,
    hookimpl,
)

GO = Tool("go", "install Go: `apt-get install golang-go`, `brew install go` or https://go.dev/dl", ("version",))


@hookimpl
def stack_info() -> StackInfo:
    """Claim `go`."""
    return StackInfo("go", "Go", tools=(GO,), markers=("go.mod", "go.work"), options=GoOptions)


@hookimpl
def stack_detect(directory: Path, dockerfile: Path | None, command: tuple[str, ...] | None) -> Detected | None:
    """Look for a main package."""
    return detect(directory, dockerfile, command)


@hookimpl
def stack_start(service: Service, place: Place) -> StartPlan:
    """Build the main package, run the artefact."""
    return starting.start(service, place)


@hookimpl
def stack_reload(burst: Burst) -> ReloadPlan:
    """Build again."""
    return changes.reload(burst)


@hookimpl
def stack_debounce() -> Debounce:
    """Wait for the formatter that writes right after the editor, no longer."""
    return Debounce()


@hookimpl
def stack_watch(service: Service) -> Watch:
    """Watch the program's own packages, wherever in the repository they are."""
    try:
        main = starting.main_of(service)
    except WrongInput:
        main = None  # the start says so; until it is cleared up the directory itself is watched
    return changes.watch(service, main)


@hookimpl
def stack_debug(service: Service, place: Place) -> DebugPlan:
    """Build without optimisation, run under Delve."""
    return debugging.debug(service, place)


@hookimpl
def stack_test(service: Service, arguments: tuple[str, ...]) -> Command:
    """Run `go test`."""
    return starting.test(service, arguments)


@hookimpl
def stack_clean(service: Service) -> CleanPlan:
    """List a debugger's leftovers."""
    return changes.clean(service)
