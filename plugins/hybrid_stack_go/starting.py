"""How a Go service is built, started and tested."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from hybrid_stack_go import air, changes, flags
from hybrid_stack_go.finding import find_main
from hybrid_stack_go.modules import program
from hybrid_stack_go.options import GoOptions
from hybrid_tasks.api import Build, Command, Listen, Place, Service, StartPlan

GARBAGE = "400"
"""Percent the go tool's heap grows by between collections: a build of a small service took 0.92 times as long so."""


def options_of(service: Service) -> GoOptions:
    """Give the service's options table, or the defaults."""
    return service.options if isinstance(service.options, GoOptions) else GoOptions()


def main_of(service: Service) -> Path:
    """Find the service's main package; raises WrongInput where that is not clear."""
    return find_main(service.name, service.directory, options_of(service).main)


def start(service: Service, place: Place) -> StartPlan:
    """Say how an instance is built into a fresh artefact and started, or the driver that does both.

    Raises:
        WrongInput: it is not clear what to build, or the driver's configuration cannot be read.
    """
    main = main_of(service)
    debug = place.debug_port is not None
    artefact = place.artefacts / service.name
    words = ("go", "build", *_flags(service, debug=debug), "-o", _target(main, service.directory))
    if options_of(service).driver == "air" and service.hot_reload and not debug:
        return air.start(service, place, words, changes.watch(service, main))
    return StartPlan(
        program=Command(("{artefact}", *service.args), service.directory),
        build=Build(Command((*words[:-1], str(artefact), words[-1]), service.directory, _room(service)), artefact),
        listen=Listen.INHERIT if inherits(main) else Listen.OWN,
    )


def inherits(main: Path) -> bool:
    """Say whether a program's own source takes a listening socket (`LISTEN_FDS`)."""
    return any(file.inherits for files in program(main).values() for file in files)


def _target(main: Path, directory: Path) -> str:
    # Without `./` the tool would look for a package of that name in the module path and the standard library.
    if main.is_relative_to(directory):
        return f"./{main.relative_to(directory).as_posix()}" if main != directory else "."
    return Path(os.path.relpath(main, directory)).as_posix()


def _flags(service: Service, *, debug: bool) -> tuple[str, ...]:
    return flags.arguments(options_of(service).flags, flags.settings(service.variables()), debug=debug)


def _room(service: Service) -> Mapping[str, str]:
    """The variable that has compiler and linker collect less garbage, unless the user has set it (runtime/debug)."""
    return {} if service.variables().get("GOGC") else {"GOGC": GARBAGE}


def test(service: Service, arguments: tuple[str, ...]) -> Command:
    """Give the command that runs the tests: of all packages, unless the arguments name some."""
    named = any(word.startswith(("./", "../", ".")) for word in arguments)
    return Command(("go", "test", *(() if named else ("./...",)), *arguments), service.directory)
