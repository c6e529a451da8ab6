"""What the plugins are asked about one service, each question in a thread with the host's deadline."""

from __future__ import annotations

import asyncio

from hybrid_tasks.model.plan import Place, ReloadPlan, StartPlan
from hybrid_tasks.model.probe import Probe
from hybrid_tasks.model.service import Service
from hybrid_tasks.model.status import Blocked
from hybrid_tasks.model.watching import Burst
from hybrid_tasks.plugin import routing
from hybrid_tasks.supervisor.site import Site


async def blocked(site: Site, service: Service) -> Blocked | None:
    """Say whether something the service needs is not on this machine."""
    missing = await asyncio.to_thread(routing.missing_tools, site.host, service, site.client.get("PATH"))
    if not missing:
        return None
    return Blocked(f"`{missing[0].executable}` is missing", missing[0].install)


async def health(site: Site, service: Service) -> Probe:
    """Say how the service is asked whether it is well."""
    return await asyncio.to_thread(routing.health, site.host, service)


async def reload(site: Site, service: Service, burst: Burst) -> ReloadPlan:
    """Say what a burst of changes asks for, and clear away what would hide it."""
    plan = await asyncio.to_thread(routing.reload_plan, site.host, service, burst)
    for file in plan.stale:
        file.unlink(missing_ok=True)
    return plan


async def start(site: Site, service: Service, place: Place) -> StartPlan:
    """Ask the stack how to start the service, and the runtime how it runs that."""
    plan = await asyncio.to_thread(routing.start_plan, site.host, service, place)
    runs = await asyncio.to_thread(routing.run_plans, site.host, (service,), {service.name: plan}, {})
    program = next((run.main for run in runs if run.main is not None), plan.program)
    return StartPlan(program, plan.check, plan.build, plan.listen, plan.warm)
