"""Services that were started and are not configured any more: those that run are told of, the others forgotten."""

from __future__ import annotations

import time

from hybrid_tasks.control.server import Reply
from hybrid_tasks.model.events import Event
from hybrid_tasks.model.service import Service
from hybrid_tasks.supervisor.estate import Estate
from hybrid_tasks.supervisor.halting import stop


def still_runs(service: Service) -> str:
    """Say that a service runs on, and how that ends.

    Args:
        service: as it was configured when it was started.
    """
    file = service.origin.file.name if service.origin else "hybrid.toml"
    return f"`{service.name}` is not in {file} any more and still runs: `inv dev-stop {service.name}`"


async def settle(estate: Estate, reply: Reply) -> None:
    """Say what runs on though it is configured no more, and stop what does not even run, with the port it holds.

    Args:
        estate: everything the supervisor has; its configuration was just read.
        reply: to the client that acts.
    """
    configured = estate.loaded.project.services if estate.loaded is not None else {}
    left = [unit for name, unit in estate.units.items() if name not in configured and not unit.stopped]
    if idle := [unit.service.name for unit in left if unit.state.serving is None]:
        await stop(estate, idle)
    for unit in left:
        if unit.state.serving is not None:
            reply.event(Event("note", time.time(), None, {"text": still_runs(unit.service)}))
