"""How a Python service is checked, started and tested."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

from hybrid_stack_python import drivers, finding, serving
from hybrid_stack_python.entry import Application, Entry, Module, Script
from hybrid_stack_python.imports import packages
from hybrid_stack_python.interpreter import Interpreter, choose
from hybrid_stack_python.options import ENGINE, WARM, PythonOptions
from hybrid_tasks.api import Command, Listen, Place, Service, StartPlan, WrongInput

HERE = Path(__file__).resolve().parent
LEARNED = "libraries"
"""Where the program writes down, in the service's cache, which libraries it loads."""


def options_of(service: Service) -> PythonOptions:
    """Give the service's options table, or the defaults."""
    return service.options if isinstance(service.options, PythonOptions) else PythonOptions()


def entry_of(service: Service) -> Entry:
    """Find the service's program.

    Raises:
        WrongInput: its directory holds none that we recognise.
    """
    entry = _found(service)
    if entry is None:
        raise WrongInput(
            f"no ASGI application and no script was found in {service.directory}",
            f'set [services.{service.name}.python] app = "module:attribute" or script = "main.py"',
        )
    if isinstance(entry, Script) and not entry.file.is_file():
        raise WrongInput(f"the script {entry.file} does not exist", f"correct [services.{service.name}.python] script")
    if isinstance(entry, Application) and (server := options_of(service).server) is not None:
        entry = replace(entry, server=server)
    return entry


def _found(service: Service) -> Entry | None:
    directory = service.directory
    told = finding.told(directory, options_of(service))
    return told or finding.named(directory, service.name) or finding.read(directory)


def interpreter_of(service: Service, entry: Entry | None, *first: str) -> Interpreter:
    """Choose the service's interpreter: its own, else one that has `first` and what the entry imports."""
    needs: list[str] = list(first)
    if isinstance(entry, Script):
        needs += packages(entry.file, entry.file.parent)
    elif isinstance(entry, Application) and entry.file is not None:
        needs += packages(entry.file, entry.root)
    return choose(service.directory, options_of(service).python, service.variables(), dict.fromkeys(needs))


def start(service: Service, place: Place) -> StartPlan:
    """Say how an instance is checked and started.

    Raises:
        WrongInput: there is nothing to start.
        ToolMissing: its interpreter, or the server there, is missing.
    """
    entry = entry_of(service)
    served = isinstance(entry, Application)
    alone = place.debug_port is not None or not service.hot_reload  # a debugger is the engine's
    driver = drivers.chosen(ENGINE if alone else options_of(service).driver, service, entry)
    python = interpreter_of(service, entry, *((entry.server,) if isinstance(entry, Application) else ()))
    place = replace(place, listen_fd=None) if driver else place
    if isinstance(entry, Application):
        words = serving.command(service, place, entry, python, _moved(entry.root, service, place))
    elif isinstance(entry, Module):
        words = (str(_moved(entry.root, service, place)), "-m", entry.module)
    else:
        file = _moved(entry.file, service, place)
        words = (str(file.parent), str(file))
    learned = () if place.cache is None or driver else ("--learn", str(place.cache / LEARNED))
    launch = (str(python.path), str(HERE / "launch.py"), *learned, *words, *service.args)
    cold = "" if driver else _no_warm_start(service, place)
    plan = StartPlan(
        program=Command(launch, service.directory, variables(python)),
        check=Command((str(python.path), "-I", "-S", str(HERE / "syntax_check.py"), "{changed}"), service.directory),
        listen=Listen.INHERIT if served and not driver else Listen.OWN,
        warm=_parent(service, place, python, launch) if learned and not cold else None,
        cold=cold,
    )
    return drivers.driven(driver, service, plan) if driver else plan


def _no_warm_start(service: Service, place: Place) -> str:
    """Why the service's instances are not forked, in a few words; empty when they are."""
    if place.debug_port is not None:
        return "a debugger is wanted"
    if sys.platform != "linux":
        return "warm starts need Linux"
    driver = options_of(service).driver
    return f'driver = "{driver}"' if driver != WARM else ""


def _parent(service: Service, place: Place, python: Interpreter, launch: tuple[str, ...]) -> Command:
    """The warm parent of a program; it never loads what lies where the service's own source is watched."""
    assert place.cache is not None  # noqa: S101 - asked before
    projects = [word for root in (service.directory, *service.watch) for word in ("--project", str(root))]
    words = (str(python.path), str(HERE / "warm_parent.py"), str(place.cache / LEARNED), *projects, "--", *launch[:2])
    return Command((*words, *_roots(launch)), service.directory, variables(python))


def _roots(launch: tuple[str, ...]) -> tuple[str, ...]:
    """The words of a program up to the root of its modules: what follows may differ from start to start."""
    return launch[2:5]


def _moved(path: Path, service: Service, place: Place) -> Path:
    """Give a path of the service as it is in the kept copy of the last good source, where that is what runs."""
    if place.source is None or not path.is_relative_to(service.directory):
        return path
    return place.source / path.relative_to(service.directory)


def variables(python: Interpreter) -> Mapping[str, str]:
    """Give what is set for every program that this interpreter runs as a service."""
    # Lines must arrive when they are printed; behind a pipe Python would collect 8 KB of them.
    own = {"VIRTUAL_ENV": str(python.venv)} if python.own and python.venv is not None else {}
    return MappingProxyType({"PYTHONUNBUFFERED": "1", **own})


def test(service: Service, arguments: tuple[str, ...]) -> Command:
    """Give the command that runs the tests: pytest where it is installed, else unittest."""
    entry = _found(service)
    python = interpreter_of(service, entry, "pytest")
    if python.has("pytest") is False:
        python = interpreter_of(service, entry)
        return Command((str(python.path), "-m", "unittest", *(arguments or ("discover",))), service.directory)
    return Command((str(python.path), "-m", "pytest", *arguments), service.directory)
