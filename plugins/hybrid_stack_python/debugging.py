"""How a Python service runs under debugpy."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

from hybrid_stack_python import starting
from hybrid_stack_python.commands import is_python
from hybrid_stack_python.interpreter import Interpreter, at
from hybrid_tasks.api import Command, DebugPlan, Place, Service, Tool, WrongInput

VARIABLES = MappingProxyType({"PYDEVD_DISABLE_FILE_VALIDATION": "1"})
"""debugpy warns of frozen modules, which we leave out."""
WITH_A_VALUE = ("-W", "-X", "--check-hash-based-pycs")


def debug(service: Service, place: Place) -> DebugPlan:
    """Say how an instance is started under debugpy: the same program, in the same interpreter.

    Raises:
        WrongInput: there is nothing to start, or which Python the user's `command` starts cannot be told.
    """
    if service.command is None:
        program = starting.start(service, place).program
    else:
        program = Command((*service.command, *service.args), place.source or service.directory)
    python, before, after = _taken_apart(service, program.argv)
    # What a `command` names is its service's own interpreter.
    own = program.env if service.command is None else starting.variables(replace(python, own=True))
    listen = ["--listen", f"127.0.0.1:{place.debug_port}", *(["--wait-for-client"] if place.debug_wait else [])]
    argv = (str(python.path), *before, "-Xfrozen_modules=off", "-m", "debugpy", *listen, *after)
    return DebugPlan(
        replace(program, argv=argv, env=MappingProxyType({**VARIABLES, **own})),
        note=f"debugpy on 127.0.0.1:{place.debug_port} (VS Code, PyCharm, nvim-dap)",
        port=place.debug_port,
        adapter="debugpy",
        missing=Tool("debugpy", f"{python.path} -m pip install debugpy") if python.has("debugpy") is False else None,
        attach=_attach(service, place),
    )


def _attach(service: Service, place: Place) -> Mapping[str, object]:
    return {
        "type": "debugpy",
        "request": "attach",
        "connect": {"host": "127.0.0.1", "port": place.debug_port},
        "pathMappings": [{"localRoot": str(service.directory), "remoteRoot": str(service.directory)}],
        "justMyCode": True,
    }


def _taken_apart(service: Service, words: Sequence[str]) -> tuple[Interpreter, Sequence[str], Sequence[str]]:
    """Give the interpreter, its own options, and the program with its arguments."""
    env = service.variables()
    found = words[0] if "/" in words[0] else shutil.which(words[0], path=env.get("PATH"))
    path = service.directory / (found or words[0])
    if is_python(words[0]):
        end = 1
        while end < len(words) and words[end].startswith("-") and words[end] not in {"-m", "-c"}:
            end += 2 if words[end] in WITH_A_VALUE else 1
        return at(path, env), words[1:end], words[end:]
    line = _first_line(path)
    interpreter = Path(line[2:].split()[0]) if line.startswith("#!") and line[2:].split() else None
    if interpreter is None or not is_python(interpreter.name):
        raise WrongInput(
            f"which Python program `{words[0]}` starts cannot be told",
            f'set [services.{service.name}.python] app = "module:attribute" or script = "main.py" instead of `command`',
        )
    return at(interpreter, env), (), (str(path), *words[1:])


def _first_line(file: Path) -> str:
    try:
        with file.open("rb") as opened:
            return opened.readline(1000).decode("utf-8", "replace")
    except OSError:
        return ""
