"""`dev-doctor`: what this machine and this project lack, each with the line that mends it."""

from __future__ import annotations

import errno
import os
import platform
import shutil
import sys
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from hybrid_tasks.control.paths import hybrid_dir
from hybrid_tasks.env.layers import resolve
from hybrid_tasks.errors import HybridError, ToolMissing
from hybrid_tasks.gateway.launching import found
from hybrid_tasks.gateway.launching import missing as lacking
from hybrid_tasks.model.service import Service
from hybrid_tasks.plugin import routing
from hybrid_tasks.plugin.defaults import ARTEFACT
from hybrid_tasks.plugin.tools import PATIENCE, trouble
from hybrid_tasks.process import identity, ports, versions
from hybrid_tasks.process.failures import StartFailed, why
from hybrid_tasks.process.languages import PYTHON
from hybrid_tasks.process.ports import Holder
from hybrid_tasks.supervisor.attaching import debugged_place
from hybrid_tasks.supervisor.consulting import debugging, trial
from hybrid_tasks.supervisor.loaded import Loaded
from hybrid_tasks.supervisor.occupancy import taken
from hybrid_tasks.supervisor.order import needed_steps, with_needs

WATCHES = Path("/proc/sys/fs/inotify/max_user_watches")
ENOUGH_WATCHES = 65536


def checks(loaded: Loaded, environ: Mapping[str, str]) -> list[dict[str, object]]:
    """Look at everything that commonly goes wrong.

    Args:
        loaded: the project with its plugins.
        environ: of the client.

    Returns:
        name, ok, word (`ok`, `missing`, `FAIL`), detail and hint of every check.
    """
    every = (*_machine(environ), *_plugins(loaded), *_tools(loaded, environ), *_services(loaded, environ))
    return [
        {"name": name, "ok": ok, "word": word or ("ok" if ok else "FAIL"), "detail": detail, "hint": hint}
        for name, ok, detail, hint, word in ((*check, "")[:5] for check in every)
    ]


Check = tuple[str, bool, str, str] | tuple[str, bool, str, str, str]
"""Name, ok, detail, hint, and the word where `ok` does not say it."""


def _machine(environ: Mapping[str, str]) -> Iterator[Check]:
    yield "python", True, f"{platform.python_version()} ({sys.executable})", ""
    linux = sys.platform.startswith("linux")
    hint = "" if linux else "services are replaced instead of started beside the old instance"
    yield "platform", True, f"{platform.system()} {platform.release()}", hint
    if linux:
        limit = int(WATCHES.read_text("ascii")) if WATCHES.exists() else 0
        enough = limit == 0 or limit >= ENOUGH_WATCHES
        cure = "" if enough else "sudo sysctl fs.inotify.max_user_watches=524288"
        yield "file watches", enough, f"{limit} directories can be watched", cure
    shell = environ.get("SHELL", "")
    yield "shell", bool(shell and os.access(shell, os.X_OK)) or shutil.which("sh") is not None, shell or "sh", ""


def _plugins(loaded: Loaded) -> Iterator[Check]:
    for record in loaded.host.plugins:
        trouble = record.error or record.muted
        detail = trouble or f"{record.distribution} {record.version}"
        yield f"plugin {record.name}", not trouble, detail, "see `inv dev-plugins`" if trouble else ""


def _tools(loaded: Loaded, environ: Mapping[str, str]) -> Iterator[Check]:
    """The tools of all plugins that are there; a service that misses one says so itself."""
    stacks, runtimes = loaded.host.stacks.values(), loaded.host.runtimes.values()
    every = (*(tool for info in stacks for tool in info.tools), *(tool for info in runtimes for tool in info.tools))
    tools = {tool.executable: tool for tool in every if tool.version}
    there = {name: place for name in tools if (place := shutil.which(name, path=environ.get("PATH")))}
    if not there:
        return
    with ThreadPoolExecutor(len(there)) as pool:
        said = pool.map(lambda name: versions.ask((there[name], *tools[name].version), environ, PATIENCE), there)
    for (name, path), answer in zip(there.items(), said, strict=True):
        wrong = trouble(tools[name], environ.get("PATH"), lambda *_, code=answer.code: code)
        yield name, True, f"{answer.line} ({path})" if wrong is None else wrong, tools[name].install if wrong else ""


def _services(loaded: Loaded, environ: Mapping[str, str]) -> Iterator[Check]:
    debuggers: dict[tuple[str, str], str] = {}
    for service in loaded.project.services.values():
        try:
            env = resolve(loaded.project, service, environ).values()
            told = replace(service, environ={**env, **routing.port_variables(service)})
            note = _startable(loaded, told, environ.get("PATH"))
        except (ToolMissing, StartFailed) as missing:
            word = "missing" if service.optional else "FAIL"
            words = missing.message + ("; the service is optional" if service.optional else "")
            yield service.name, service.optional, words, missing.hint, word
            continue
        except HybridError as error:
            yield service.name, False, error.message, error.hint
            continue
        if service.port is not None and (holder := _stranger(loaded, service.port)) is not None:
            stranger = taken(service, holder)
            yield service.name, False, stranger.message, stranger.hint
        else:
            yield service.name, True, note or f"{service.stack or 'command'} in {service.directory}", ""
        if (lacks := _debugger(loaded, told, environ)) is not None:
            debuggers.setdefault(lacks, service.name)
    for (words, cure), name in debuggers.items():
        yield "debugger", True, f"{words}: `inv dev-debug {name} --debugger` needs it", cure, "missing"
    if any(service.stack == PYTHON for service in loaded.project.services.values()):
        yield from _py_spy(environ)
    yield from _front(loaded, environ)
    for warning in loaded.project.warnings:
        yield "configuration", True, warning, ""


def _startable(loaded: Loaded, service: Service, path: str | None) -> str:
    """Plan a start and look for its program, unless a build makes that.

    Returns:
        that the program is not there while steps run before the service, which may make it; else nothing.

    Raises:
        ToolMissing: something has to be installed first.
        StartFailed: the program is not there.
        HybridError: it cannot be started as it is.
    """
    plan, env = trial(loaded.host, service, path), service.variables()
    program, is_path = plan.program.argv[0], os.sep in plan.program.argv[0]
    if ARTEFACT in program or (plan.build is not None and is_path):
        return ""
    file = plan.program.cwd / program
    if shutil.which(file if is_path else program, path=env.get("PATH")) is not None:
        return ""
    number = errno.EACCES if is_path and file.is_file() else errno.ENOENT
    missing = why(plan.program, service.name, "exec", number)
    services, known = loaded.project.services, loaded.project.steps
    if steps := needed_steps(services, with_needs(services, (service.name,), known), known):
        return f"{missing.message}, unless {' or '.join(f'`{step}`' for step in steps)} makes it"
    raise missing


def _debugger(loaded: Loaded, service: Service, environ: Mapping[str, str]) -> tuple[str, str] | None:
    """What has to be installed before the service can be debugged, and how; None: nothing, or it never can."""
    place = debugged_place(loaded.project, service, hybrid_dir(loaded.project.root, environ))
    try:
        debugging(loaded.host, service, place, environ.get("PATH"))
    except ToolMissing as missing:
        return missing.message, missing.hint
    except HybridError:
        pass
    return None


def _py_spy(environ: Mapping[str, str]) -> Iterator[Check]:
    if found("py-spy", environ.get("PATH")) is None:
        needs = "`inv dev-debug NAME --stacks` needs it, and so does the reason why a program hangs"
        yield "py-spy", True, needs, "pip install 'hybrid-tasks[debug]'", "missing"


def _front(loaded: Loaded, environ: Mapping[str, str]) -> Iterator[Check]:
    """The proxy for services that only know their port."""
    gateway = loaded.project.gateway or {}
    info = routing.front(loaded.host, str(gateway.get("kind", "")))
    tool = None if info is None else lacking(info, environ.get("PATH"))
    if tool is not None:
        words = "services that take no socket are replaced at a save without it"
        yield tool.executable, True, words, tool.install, "missing"


def _stranger(loaded: Loaded, port: int) -> Holder | None:
    """Who has a port, unless it is this supervisor or a service that it runs."""
    holder = ports.holder(port)
    if holder is None or holder.pid == os.getpid():
        return None
    marks = identity.environment_marks(holder.pid) if holder.pid is not None else None
    ours = marks is not None and marks.project == identity.project_identity(loaded.project.root)
    return None if ours else holder
