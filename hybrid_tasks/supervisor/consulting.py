"""What the plugins are asked about one service.

Everything here blocks, for as long as a hook may: it is called in a thread, one call for all that is to be known at
a moment, because going to and fro between threads costs more than most answers.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from hybrid_tasks.engine.keeping import clear
from hybrid_tasks.errors import HybridError, ToolMissing
from hybrid_tasks.model.debugging import Debugging
from hybrid_tasks.model.plan import DebugPlan, Place, ReloadAction, ReloadPlan, RunPlan, StartPlan
from hybrid_tasks.model.probe import Probe
from hybrid_tasks.model.receipt import REBUILT
from hybrid_tasks.model.service import Listen, Service
from hybrid_tasks.model.status import Blocked
from hybrid_tasks.model.watching import Burst
from hybrid_tasks.plugin import routing
from hybrid_tasks.plugin.debuggers import debug_plan
from hybrid_tasks.plugin.host import Host
from hybrid_tasks.supervisor.debugged import nobody_elses
from hybrid_tasks.supervisor.listening import Way, frontable, placed
from hybrid_tasks.supervisor.site import Site


@dataclass(frozen=True, slots=True)
class Beginning:
    """How a service is started and what is around it, how it is asked whether it is well, and how it listens."""

    plan: StartPlan
    run: RunPlan
    probe: Probe
    way: Way


def blocked(site: Site, service: Service) -> Blocked | None:
    """Say whether something the service needs is not on this machine."""
    missing = routing.missing_tools(site.host, service, site.client.get("PATH"))
    if not missing:
        return None
    return Blocked(f"`{missing[0].executable}` is missing", missing[0].install)


def reload(site: Site, service: Service, burst: Burst) -> ReloadPlan:
    """Say what a burst of changes asks for, and clear away what would hide it."""
    plan = routing.reload_plan(site.host, service, burst)
    for file in plan.stale:
        file.unlink(missing_ok=True)
    if plan.action is ReloadAction.REBUILD and plan.reason:
        return replace(plan, reason=f"{REBUILT}{plan.reason}")
    return plan


def trial(host: Host, service: Service, path: str | None) -> StartPlan:
    """Plan a start that nobody carries out.

    Args:
        host: the plugins.
        service: which service.
        path: the PATH of its environment.

    Raises:
        ToolMissing: something has to be installed first.
        HybridError: it cannot be started as it is.
    """
    missing = routing.missing_tools(host, service, path)
    if not missing:
        folder = Path(".hybrid")
        place = Place(folder / "artefacts" / service.name / "next", service.port, service.host)
        plan = routing.start_plan(host, service, replace(place, cache=folder / "cache" / service.name))
        missing = routing.lacking(plan, path)
    if missing:
        raise ToolMissing(f"`{missing[0].executable}` is missing", missing[0].install)
    return plan


def start(site: Site, service: Service, place: Place) -> tuple[StartPlan, RunPlan]:
    """Ask the stack how to start the service, and the runtime how it runs that; write the files that it asks for.

    Returns:
        the stack's plan with the program as the runtime runs it, and what the runtime wants around that.

    Raises:
        ToolMissing: the plan needs a program that is not on this machine.
        HybridError: the runtime names no program that could be the instance.
    """
    return _run(site, service, place, _planned(site, service, place))


def _planned(site: Site, service: Service, place: Place) -> StartPlan:
    plan = _debugged(site, service, place) if place.debug_port else routing.start_plan(site.host, service, place)
    if missing := routing.lacking(plan, site.client.get("PATH")):
        raise ToolMissing(f"`{missing[0].executable}` is missing", missing[0].install)
    return plan


def _run(site: Site, service: Service, place: Place, plan: StartPlan) -> tuple[StartPlan, RunPlan]:
    if plan.build is not None or plan.files:
        place.artefacts.mkdir(parents=True, exist_ok=True)
    for name, text in plan.files.items():
        (place.artefacts / name).write_text(text, "utf-8")
    [run] = routing.run_plans(site.host, (service,), {service.name: plan}, {service.name: service.environ or {}})
    if run.main is None:
        words = f"the runtime `{service.runtime}` gives no program that would be `{service.name}`"
        raise HybridError(words, "what it only prepares cannot be watched; see `inv dev-plugins`")
    if run.main != plan.program and plan.warm is not None:
        plan = replace(plan, warm=None, cold=f"the runtime `{service.runtime}` starts it in its own way")
    return replace(plan, program=run.main), run


def followed(site: Site) -> bool:
    """Whether there is anybody who may name a follower for a service's log."""
    return any(site.host.guests.having("runtime_logs"))


def _debugged(site: Site, service: Service, place: Place) -> StartPlan:
    """Ask the stack how to start the service under a debugger; it is checked as always, and binds for itself."""
    plan, ordinary = _debugger(site.host, service, place), routing.start_plan(site.host, service, place)
    return StartPlan(plan.command, ordinary.check, plan.build, tools=plan.tools, plain=ordinary.program)


def _debugger(host: Host, service: Service, place: Place) -> DebugPlan:
    plan = debug_plan(host, service, place)
    if plan.missing is not None:
        raise ToolMissing(f"`{plan.missing.executable}` is not installed", plan.missing.install)
    return plan


def debugging(host: Host, service: Service, place: Place, path: str | None) -> Debugging:
    """Say how a service would be debugged, and that nothing is in the way.

    Args:
        host: the plugins.
        service: which service.
        place: with the debugger's port.
        path: the PATH of its environment.

    Raises:
        ToolMissing: the debugger has to be installed first.
        HybridError: it cannot be debugged.
    """
    plan = _debugger(host, service, place)
    if missing := (*routing.missing_tools(host, service, path), *routing.lacking(plan, path)):
        raise ToolMissing(f"`{missing[0].executable}` is not installed", missing[0].install)
    return Debugging(place.debug_port or 0, place.debug_wait, plan.adapter or "", plan.note)


def begin(
    site: Site,
    service: Service,
    place: Place,
    *,
    debugging: Debugging | None,
    offer: bool,
    settled: Listen | None,
    spare: Callable[[], int | None],
) -> Beginning:
    """Ask how a service is started and asked whether it is well.

    Args:
        site: what all units share.
        service: as configured now, with the environment of its programs.
        place: where it will run, without a socket of ours.
        debugging: how it is debugged, on a port it binds itself; None: it is not.
        offer: whether it may have one.
        settled: how it listens, whatever the stack makes of its source now; None: that is open.
        spare: gives a port to listen on behind the front, None when there is no front.
    """
    clear(place.artefacts)
    probe = routing.health(site.host, service)
    if debugging is not None:
        nobody_elses(service, debugging, site.jobs.live)
        way = Way(debugging=debugging)
        plan = _planned(site, service, placed(place, way))
    else:
        plan, way = _listening(site, service, place, probe, offer=offer, settled=settled, spare=spare)
    plan, run = _run(site, service, placed(place, way), plan)
    return Beginning(plan, run, probe, way)


def _listening(
    site: Site,
    service: Service,
    place: Place,
    probe: Probe,
    *,
    offer: bool,
    settled: Listen | None,
    spare: Callable[[], int | None],
) -> tuple[StartPlan, Way]:
    """Take the best way to listen that the stack can and that there is."""
    if offer and settled is not Listen.FRONT:
        way = Way(Listen.INHERIT)
        plan = _planned(site, service, placed(place, way))
        if plan.driver is None and (settled is Listen.INHERIT or Listen.INHERIT in {plan.listen, service.listen}):
            return plan, way
    if (settled is Listen.FRONT or frontable(service, probe)) and (number := spare()) is not None:
        way = Way(Listen.FRONT, number)
        return _planned(site, service, placed(place, way)), way
    return _planned(site, service, place), Way()
