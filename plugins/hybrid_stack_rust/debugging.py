"""How a Rust service runs so that a debugger can come and go: an adapter of lldb, or gdbserver, behind our door."""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from hybrid_stack_rust import starting
from hybrid_tasks.api import Build, Command, DebugPlan, Place, Service, Tool, WrongInput

DOOR = Path(__file__).resolve().with_name("door.py")
ARTEFACT = "{artefact}"
INSTALL = "install lldb (`apt-get install lldb`, `brew install llvm`) or gdbserver (`apt-get install gdbserver gdb`)"
ADAPTERS = (r"lldb-dap", r"lldb-dap-\d+", r"lldb-vscode", r"lldb-vscode-\d+", r"codelldb", r"gdbserver")
"""What we can use, the best first; a number is a version."""
EDITORS = (".vscode", ".vscode-server", ".vscode-oss", ".cursor")
"""Where editors keep CodeLLDB, which brings its adapter along."""


@dataclass(frozen=True, slots=True)
class Debugger:
    """A debugger: its program, and whether it is gdbserver, which speaks another protocol."""

    path: str
    name: str

    @property
    def gdb(self) -> bool:
        """Whether gdb attaches to it, instead of an editor."""
        return self.name == "gdbserver"


def debug(service: Service, place: Place) -> DebugPlan:
    """Say how an instance is built for a debugger and started behind the door.

    Raises:
        WrongInput: a program cannot be held here.
    """
    if place.debug_wait and not sys.platform.startswith("linux"):
        raise WrongInput("only Linux can hold a program until a debugger comes", "leave `--wait` out")
    words = (ARTEFACT, *service.args) if service.command is None else (*service.command, *service.args)
    found = find(service)
    wanted = starting.options_of(service).debugger or "lldb-dap"
    debugger = found or Debugger(wanted, Path(wanted).name)
    # gdb reads the program itself, an adapter asks the process which one it is.
    link = str(place.cache / "debugged") if debugger.gdb and place.cache is not None else ""
    how = ("hold" if place.debug_wait else "run", "gdb" if debugger.gdb else "dap", debugger.path, link)
    argv = (sys.executable, "-I", "-S", "-B", str(DOOR), str(place.debug_port), *how, *words)
    return DebugPlan(
        Command(argv, service.directory),
        note=_note(debugger, place, link or words[0]),
        port=place.debug_port,
        adapter=debugger.name,
        build=readable(service, place) if ARTEFACT in words[0] else None,
        missing=None if found is not None else Tool(debugger.name, INSTALL),
        attach=_attach(debugger, place, link or words[0]),
    )


def find(service: Service) -> Debugger | None:
    """Give the debugger of this machine: the one that `debugger` names, else the best there is."""
    env = service.variables()
    wanted = starting.options_of(service).debugger
    if wanted is not None:
        path = shutil.which(wanted, path=env.get("PATH"))
        return None if path is None else Debugger(path, Path(wanted).name)
    programs = _programs(env.get("PATH", ""))
    for pattern in ADAPTERS:
        named = sorted((name for name in programs if re.fullmatch(pattern, name)), key=_version, reverse=True)
        if named:
            return Debugger(programs[named[0]], named[0])
        if pattern == "codelldb" and (own := _of_editors(Path(env.get("HOME", "/")))) is not None:
            return Debugger(own, "codelldb")
    return None


def _programs(path: str) -> Mapping[str, str]:
    found: dict[str, str] = {}
    for folder in path.split(os.pathsep):
        for name in _names(folder):
            if name not in found and os.access(os.path.join(folder, name), os.X_OK):  # noqa: PTH118 - many of them
                found[name] = os.path.join(folder, name)  # noqa: PTH118
    return found


def _names(folder: str) -> Iterable[str]:
    try:
        return [name for name in os.listdir(folder) if name.startswith(("lldb-", "codelldb", "gdbserver"))]  # noqa: PTH208
    except OSError:
        return ()


def _version(name: str) -> int:
    number = name.rpartition("-")[2]
    return int(number) if number.isdigit() else 0


def _of_editors(home: Path) -> str | None:
    found = [
        file for editor in EDITORS for file in home.glob(f"{editor}/extensions/vadimcn.vscode-lldb-*/adapter/codelldb")
    ]
    newest = max(found, key=lambda file: [int(number) for number in re.findall(r"\d+", file.parts[-3])], default=None)
    return None if newest is None else str(newest)


def readable(service: Service, place: Place) -> Build | None:
    """Give the build with what a debugger reads, whatever the profile leaves out."""
    build = starting.start(service, place).build
    if build is None:
        return None
    profile = starting.options_of(service).profile or "dev"
    told = [f"profile.{profile}.{setting}" for setting in ('debug="full"', 'strip="none"')]
    words = [word for setting in told for word in ("--config", setting)]
    argv = build.command.argv
    return replace(build, command=replace(build.command, argv=(*argv[:2], *words, *argv[2:])))


def _note(debugger: Debugger, place: Place, program: str) -> str:
    if not debugger.gdb:
        return f"{debugger.name} on 127.0.0.1:{place.debug_port} (VS Code with lldb-dap or CodeLLDB, nvim-dap)"
    held = ' -ex "handle SIGCONT nostop noprint pass"' if place.debug_wait else ""
    return f'gdb{held} -ex "target remote 127.0.0.1:{place.debug_port}" {program}'


def _attach(debugger: Debugger, place: Place, program: str) -> Mapping[str, Any]:
    if debugger.gdb:
        return {
            "type": "cppdbg",
            "request": "launch",
            "MIMode": "gdb",
            "miDebuggerServerAddress": f"127.0.0.1:{place.debug_port}",
            "program": program,
            "cwd": str(Path(program).parent),
        }
    if debugger.name == "codelldb":
        return {"type": "lldb", "request": "attach", "debugServer": place.debug_port}
    # VS Code itself connects to `debugServer`; without the other two its extension first wants an `lldb-dap` on the
    # PATH, under exactly that name (`debug-configuration-provider.ts` of lldb-dap).
    address = {"debugAdapterHostname": "127.0.0.1", "debugAdapterPort": place.debug_port}
    return {"type": "lldb-dap", "request": "attach", "debugServer": place.debug_port, **address}
