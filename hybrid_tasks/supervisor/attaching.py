"""How editors attach to a service under its debugger, known before it runs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from hybrid_tasks.errors import HybridError
from hybrid_tasks.model.debugging import Debugging, debug_ports
from hybrid_tasks.model.plan import Place
from hybrid_tasks.model.project import Project
from hybrid_tasks.model.service import Service
from hybrid_tasks.plugin.debuggers import debug_plan
from hybrid_tasks.plugin.host import Host
from hybrid_tasks.supervisor.listening import Way, placed
from hybrid_tasks.supervisor.plain import plain


def debugged_place(project: Project, service: Service, folder: Path, *, wait: bool = False) -> Place:
    """Say where a service would run under its debugger.

    Args:
        project: the whole of it, from which the debugger's port follows.
        service: which service.
        folder: `.hybrid/` of the project.
        wait: the debugger holds the program at its start.
    """
    port = debug_ports(project.name, project.services.values())[service.name]
    place = Place(folder / "artefacts" / service.name / "next", service.port, service.host)
    cached = replace(place, cache=folder / "cache" / service.name)
    return placed(cached, Way(debugging=Debugging(port, wait=wait)))


def attachment(host: Host, project: Project, service: Service, folder: Path) -> object:
    """Say how an editor attaches to a service; a debugger that is not installed yet is no hindrance.

    Args:
        host: the plugins.
        project: the whole of it.
        service: which service, with the environment of its programs.
        folder: `.hybrid/` of the project.

    Returns:
        the configuration and what it is for, or why there is none.
    """
    try:
        plan = debug_plan(host, service, debugged_place(project, service, folder))
    except HybridError as error:
        return {"service": service.name, "why": error.message}
    if not plan.attach:
        return {"service": service.name, "why": f"its stack does not say how an editor attaches to {plan.adapter}"}
    return {"service": service.name, "adapter": plan.adapter, "port": plan.port, "attach": plain(plan.attach)}
