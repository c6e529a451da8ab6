"""The Rust stack: `cargo build` of a service's binary, wherever cargo puts it.

What lives here: reading manifests (`manifests.py`), finding the binary (`finding.py`), the plan (`starting.py`) with
its build (`building.py`), what a save means (`changes.py`). What does not: running cargo; a plan only says how.
Read `starting.py` first.
"""

from __future__ import annotations

from pathlib import Path

from hybrid_stack_rust import changes, debugging, starting
from hybrid_stack_rust.detecting import detect
from hybrid_stack_rust.options import RustOptions
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

CARGO = Tool("cargo", "install Rust: https://rustup.rs, `apt-get install cargo` or `brew install rust`", ("--version",))


@hookimpl
def stack_info() -> StackInfo:
    """Claim `rust`."""
    return StackInfo("rust", "Rust", tools=(CARGO,), markers=("Cargo.toml",), options=RustOptions)


@hookimpl
def stack_detect(directory: Path, dockerfile: Path | None, command: tuple[str, ...] | None) -> Detected | None:
    """Look for a manifest with a binary."""
    return detect(directory, dockerfile, command)


@hookimpl
def stack_start(service: Service, place: Place) -> StartPlan:
    """Build the binary, run the artefact."""
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
    """Watch the service's package and those it depends on by path."""
    try:
        package = starting.binary_of(service).package.directory
    except WrongInput:
        package = None  # the start says so; until it is cleared up the directory itself is watched
    return changes.watch(service, package)


@hookimpl
def stack_debug(service: Service, place: Place) -> DebugPlan:
    """Build with debug information, let an adapter of lldb or gdbserver in."""
    return debugging.debug(service, place)


@hookimpl
def stack_test(service: Service, arguments: tuple[str, ...]) -> Command:
    """Run `cargo test`."""
    return starting.test(service, arguments)


@hookimpl
def stack_clean(service: Service) -> CleanPlan:
    """List cargo's target directory."""
    return changes.clean(service)
