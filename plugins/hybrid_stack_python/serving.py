"""How a Python application is served: by uvicorn, hypercorn or gunicorn, on a socket of ours or on its own port."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

from hybrid_stack_python.entry import UVICORN, Application
from hybrid_stack_python.interpreter import Interpreter
from hybrid_tasks.api import Place, Service, ToolMissing, WrongInput

HYPERCORN, GUNICORN = "hypercorn", "gunicorn"
GRACEFUL = (0, 22)
"""The first uvicorn with `--timeout-graceful-shutdown`; without it an open stream holds the old version for ever."""
CONTROLLED = (25, 1)
"""The first gunicorn that opens a control socket in the user's home, where instances would meet."""
_LEFT = 1  # whole seconds of a service's grace in which its server ends after its requests have

Words = tuple[str, ...]


def command(service: Service, place: Place, entry: Application, python: Interpreter, root: Path) -> Words:
    """Give the words for `launch.py` that serve an application.

    Args:
        service: which service.
        place: where it listens.
        entry: the application.
        python: the interpreter it runs in.
        root: where the application is imported from: its own directory, or the kept copy of it.

    Raises:
        ToolMissing: the server is not installed for this interpreter.
        WrongInput: there is no port to serve on.
    """
    server = entry.server
    if server == HYPERCORN and python.has(HYPERCORN) is False and python.has(UVICORN) is not False:
        server = UVICORN  # an image's command names what is installed there; both serve the same applications
    if python.has(server) is False:
        raise _missing(service, python, server)
    if place.listen_fd is None and place.port is None:
        raise WrongInput(
            f"`{service.name}` has no port to serve {entry.spelled} on", f"set services.{service.name}.port"
        )
    # gunicorn puts its working directory before everything on the import path, then `--pythonpath` unless that is
    # there already: hence the other spelling.
    first = f"{root}/." if server == GUNICORN else str(root)
    return (first, "-m", server, *_SERVERS[server](place, entry, python, root, _grace(service)))


def _grace(service: Service) -> str:
    """The seconds that open requests have at the end of an instance; servers take whole ones, and 0 is none."""
    return str(max(1, math.ceil(service.stop.grace) - _LEFT))


def _uvicorn(place: Place, entry: Application, python: Interpreter, root: Path, grace: str) -> Words:
    # uvicorn puts `--app-dir` before everything else on the import path, by default the working directory:
    # it must be the kept copy when that is what runs.
    words = [entry.spelled, "--app-dir", str(root)]
    if entry.factory:
        words.append("--factory")
    if place.listen_fd is not None:
        words += ["--fd", str(place.listen_fd)]
    else:
        words += ["--host", place.host, "--port", str(place.port)]
    if (python.version_of(UVICORN) or GRACEFUL) >= GRACEFUL:
        words += ["--timeout-graceful-shutdown", grace]
    return tuple(words)


def _hypercorn(place: Place, entry: Application, _python: Interpreter, root: Path, grace: str) -> Words:
    # A path before the module is what hypercorn imports it from, by default the working directory. No worker: it
    # serves itself, instead of in a process that imports everything anew.
    return (f"{root}/{_called(entry)}", "--bind", _bind(place), "--workers", "0", "--graceful-timeout", grace)


def _gunicorn(place: Place, entry: Application, python: Interpreter, root: Path, grace: str) -> Words:
    words = [_called(entry), "--pythonpath", str(root)]
    if place.listen_fd is None:
        words += ["--bind", _bind(place)]  # else it takes LISTEN_FDS, and would stumble over the same socket twice
    words += ["--graceful-timeout", grace]
    if (python.version_of(GUNICORN) or CONTROLLED) >= CONTROLLED:
        words.append("--no-control-socket")
    return tuple(words)


_SERVERS: dict[str, Callable[[Place, Application, Interpreter, Path, str], Words]] = {
    UVICORN: _uvicorn,
    HYPERCORN: _hypercorn,
    GUNICORN: _gunicorn,
}


def _called(entry: Application) -> str:
    return entry.spelled + "()" * entry.factory


def _bind(place: Place) -> str:
    return f"fd://{place.listen_fd}" if place.listen_fd is not None else f"{place.host}:{place.port}"


def _missing(service: Service, python: Interpreter, server: str) -> ToolMissing:
    listed = " -r requirements.txt" if (service.directory / "requirements.txt").is_file() else ""
    if python.own:
        return ToolMissing(
            f"{server} is not installed for {python.path}",
            f"cd {service.directory} && {python.path} -m pip install{listed} {server}",
            subject=f"service `{service.name}`",
        )
    return ToolMissing(
        f"no Python here has {server}, nor has {service.directory} a virtual environment of its own",
        f"cd {service.directory} && python3 -m venv .venv && .venv/bin/pip install{listed} {server}",
        subject=f"service `{service.name}`",
    )
