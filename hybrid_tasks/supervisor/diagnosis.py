"""`dev-doctor`: what this machine and this project lack, each with the line that mends it."""

from __future__ import annotations

import os
import platform
import shutil
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from hybrid_tasks.plugin import routing
from hybrid_tasks.process import ports
from hybrid_tasks.supervisor.loaded import Loaded

WATCHES = Path("/proc/sys/fs/inotify/max_user_watches")
ENOUGH_WATCHES = 65536


def checks(loaded: Loaded, environ: Mapping[str, str]) -> list[dict[str, object]]:
    """Look at everything that commonly goes wrong.

    Args:
        loaded: the project with its plugins.
        environ: of the client.

    Returns:
        name, ok, detail and hint of every check.
    """
    found = (*_machine(environ), *_plugins(loaded), *_services(loaded, environ))
    return [{"name": name, "ok": ok, "detail": detail, "hint": hint} for name, ok, detail, hint in found]


Check = tuple[str, bool, str, str]


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


def _services(loaded: Loaded, environ: Mapping[str, str]) -> Iterator[Check]:
    for service in loaded.project.services.values():
        missing = routing.missing_tools(loaded.host, service, environ.get("PATH"))
        detail = f"{service.stack or 'command'} in {service.directory}"
        if missing:
            yield service.name, service.optional, f"`{missing[0].executable}` is missing", missing[0].install
        elif service.port is not None and (holder := ports.holder(service.port)) is not None:
            taken = f"port {service.port} is in use by `{holder.command}` (pid {holder.pid})"
            yield service.name, True, f"{detail}; {taken}", ""
        else:
            yield service.name, True, detail, ""
    for warning in loaded.project.warnings:
        yield "configuration", True, warning, ""
