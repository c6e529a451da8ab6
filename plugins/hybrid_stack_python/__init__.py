"""The Python stack: an application through uvicorn, hypercorn or gunicorn, or a script, in its own interpreter.

What lives here: finding the program (`finding.py`, `applications.py`, `commands.py`) and the interpreter
(`interpreter.py`), the plan (`starting.py`, `serving.py`), what a save means (`changes.py`), and the files that
run in the service's interpreter (`launch.py`, `syntax_check.py`). What does not: starting anything.
Read `starting.py` first.
"""

from __future__ import annotations

from pathlib import Path

from hybrid_stack_python import changes, debugging, starting
from hybrid_stack_python.detecting import detect
from hybrid_stack_python.options import PythonOptions
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
    Watch,
    hookimpl,
)


@hookimpl
def stack_info() -> StackInfo:
    """Claim `python`. The interpreter is looked for per service, so no tool is needed by all."""
    return StackInfo(
        name="python",
        title="Python",
        markers=("requirements.txt", "pyproject.toml", "uv.lock", "poetry.lock", "Pipfile", "setup.py", "*.py"),
        options=PythonOptions,
    )


@hookimpl
def stack_detect(directory: Path, dockerfile: Path | None, command: tuple[str, ...] | None) -> Detected | None:
    """Look for an application, a script or at least a manifest."""
    return detect(directory, dockerfile, command)


@hookimpl
def stack_start(service: Service, place: Place) -> StartPlan:
    """Check the changed files, then serve the application or run the script."""
    return starting.start(service, place)


@hookimpl
def stack_reload(burst: Burst) -> ReloadPlan:
    """Restart after a change of source, start all anew after one of dependencies."""
    return changes.reload(burst)


@hookimpl
def stack_debounce() -> Debounce:
    """Wait for the formatter that writes right after the editor, no longer."""
    return Debounce()


@hookimpl
def stack_watch(service: Service) -> Watch:
    """Watch source, templates, settings and dependencies."""
    return changes.watch(service)


@hookimpl
def stack_debug(service: Service, place: Place) -> DebugPlan:
    """Run under debugpy."""
    return debugging.debug(service, place)


@hookimpl
def stack_test(service: Service, arguments: tuple[str, ...]) -> Command:
    """Run pytest, or unittest where that is all there is."""
    return starting.test(service, arguments)


@hookimpl
def stack_clean(service: Service) -> CleanPlan:
    """List bytecode and tool caches."""
    return changes.clean(service)
