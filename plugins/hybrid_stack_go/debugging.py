"""How a Go service runs under Delve."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from pathlib import Path

from hybrid_stack_go import starting
from hybrid_stack_go.finding import targets, told
from hybrid_tasks.api import Command, DebugPlan, Place, Service, Tool, WrongInput

WRAPPER = Path(__file__).resolve().with_name("delve.py")
INSTALL = "go install github.com/go-delve/delve/cmd/dlv@latest"
ARTEFACT = "{artefact}"


def debug(service: Service, place: Place) -> DebugPlan:
    """Say how an instance is built for Delve and started under it.

    A `command` of the user's is run as it is, unless it is `go run`: then what Delve has to start is the program.

    Raises:
        WrongInput: it is not clear what to build, or which program the user's `go run` starts.
    """
    words = _words(service)
    plan = starting.start(service, place) if ARTEFACT in words[0] else None
    hold = "hold" if place.debug_wait else "run"
    argv = (sys.executable, "-I", "-S", "-B", str(WRAPPER), str(place.debug_port), hold, _delve(service), *words)
    return DebugPlan(
        Command(argv, service.directory),
        note=f"dlv connect 127.0.0.1:{place.debug_port}",
        port=place.debug_port,
        adapter="dlv",
        build=None if plan is None else plan.build,
        tools=(Tool(_delve(service), INSTALL, ("version",)),),
        attach={
            "type": "go",
            "request": "attach",
            "mode": "remote",
            "host": "127.0.0.1",
            "port": place.debug_port,
            "substitutePath": [{"from": str(service.directory), "to": str(service.directory)}],
        },
    )


def _words(service: Service) -> tuple[str, ...]:
    command = service.command
    if command is None:
        return (ARTEFACT, *service.args)
    if command[0].rpartition("/")[2] == "go" and "run" in command:
        named = targets(command)
        if not named or (told(command, service.directory) is None and starting.options_of(service).main is None):
            raise WrongInput(
                f"which program `{shlex.join(command)}` runs cannot be told",
                f'set [services.{service.name}.go] main = "./cmd/server" and `args` instead of `command`',
            )
        return (ARTEFACT, *command[named[-1] + 1 :], *service.args)
    # Delve looks for a program in its directory, not on the PATH.
    found = None if "/" in command[0] or ARTEFACT in command[0] else _on_path(command[0], service)
    program = found or command[0]
    return (program, *command[1:], *service.args)


def _delve(service: Service) -> str:
    """Give Delve: on the PATH, or where `go install` puts it."""
    if _on_path("dlv", service):
        return "dlv"
    env = service.variables()
    home = env.get("GOPATH", "").split(os.pathsep)[0] or str(Path(env.get("HOME", "/")) / "go")
    installed = Path(env.get("GOBIN") or Path(home) / "bin") / "dlv"
    return str(installed) if installed.is_file() else "dlv"


def _on_path(program: str, service: Service) -> str | None:
    return shutil.which(program, path=service.variables().get("PATH"))
