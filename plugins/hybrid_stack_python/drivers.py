"""The drivers a Python service may have instead of our engine: uvicorn's reloader, and plain watch and restart.

Both end what serves before the new version has started, and a version that does not start leaves nothing that does.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

from hybrid_stack_python import changes
from hybrid_stack_python.entry import UVICORN, Application, Entry
from hybrid_stack_python.options import ENGINE, WARM
from hybrid_tasks.api import Command, Driver, Service, StartPlan, WrongInput

HERE = Path(__file__).resolve().parent
RELOADER = Driver("uvicorn --reload", failed=r"^Process SpawnProcess-\d+:|Error loading ASGI app")
RESTARTS = Driver("watchdog", failed=r"^watchdog: the program ended with")
QUIET = 2.0
"""Seconds of quiet that the driver `watchdog` waits for, where the service has no `debounce` of its own."""
VENVS = (".venv/", "venv/", "env/", "node_modules/", ".git/", ".hybrid/")


def chosen(driver: str, service: Service, entry: Entry) -> str:
    """Give the driver of a service.

    Args:
        driver: as its options table says.
        service: which service.
        entry: its program.

    Returns:
        the driver's name, empty for our engine.

    Raises:
        WrongInput: the driver cannot run this program.
    """
    if driver == UVICORN and not (isinstance(entry, Application) and entry.server == UVICORN):
        what = f"{entry.spelled} is served by {entry.server}" if isinstance(entry, Application) else "this is none"
        raise WrongInput(
            f'driver = "uvicorn" is for applications that uvicorn serves: {what}',
            f'[services.{service.name}.python] driver = "watchdog" restarts any program, "engine" without its downtime',
        )
    return "" if driver in {WARM, ENGINE} else driver


def driven(driver: str, service: Service, plan: StartPlan) -> StartPlan:
    """Give the plan of a service that a driver starts and restarts.

    Args:
        driver: which one.
        service: which service.
        plan: how the engine would start it, on its own port.
    """
    return _by_watchdog(service, plan) if driver == "watchdog" else _by_uvicorn(service, plan)


def _by_uvicorn(service: Service, plan: StartPlan) -> StartPlan:
    roots = (word for root in _roots(service) for word in ("--reload-dir", str(root)))
    delay = () if service.debounce is None else ("--reload-delay", f"{service.debounce.quiet:g}")
    # Its workers do not come through `launch.py`, which sees to it that no bytecode hides a save.
    env = MappingProxyType({**plan.program.env, "PYTHONDONTWRITEBYTECODE": "1"})
    program = replace(plan.program, argv=(*plan.program.argv, "--reload", *roots, *delay), env=env)
    return replace(plan, program=program, check=None, driver=RELOADER)


def _by_watchdog(service: Service, plan: StartPlan) -> StartPlan:
    quiet = service.debounce.quiet if service.debounce is not None else QUIET
    told: Mapping[str, tuple[str, ...]] = {
        "--watch": tuple(map(str, _roots(service))),
        "--count": changes.COUNTED,
        "--ignore": (*changes.IGNORED, *VENVS, *service.ignore),
    }
    words = (
        *(sys.executable, "-I", str(HERE / "watch_restart.py"), "--quiet", f"{quiet:g}"),
        *("--grace", f"{service.stop.grace:g}", "--signal", service.stop.signal),
        *(f"{name}={value}" for name, values in told.items() for value in values),
        *("--", *plan.program.argv),
    )
    program = Command(words, plan.program.cwd, plan.program.env)
    return replace(plan, program=program, check=None, driver=RESTARTS)


def _roots(service: Service) -> tuple[Path, ...]:
    roots = (*changes.watch(service).roots, *service.watch)
    return tuple(dict.fromkeys(root if root.is_dir() else root.parent for root in roots))
