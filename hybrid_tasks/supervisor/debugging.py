"""The request to debug a service: it is swapped under its debugger, and back when the client has gone."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from pathlib import Path

from hybrid_tasks.control.messages import Request
from hybrid_tasks.control.server import Reply
from hybrid_tasks.errors import Code, HybridError, StoppedMeanwhile, WrongInput
from hybrid_tasks.model.debugging import Debugging
from hybrid_tasks.model.events import Event
from hybrid_tasks.model.service import Service
from hybrid_tasks.model.status import Waiting
from hybrid_tasks.supervisor import consulting
from hybrid_tasks.supervisor.answers import check_environments, environment, service_of
from hybrid_tasks.supervisor.attaching import debugged_place
from hybrid_tasks.supervisor.awaiting import come_up, under_debugger, until
from hybrid_tasks.supervisor.debugged import nobody_elses
from hybrid_tasks.supervisor.estate import Estate
from hybrid_tasks.supervisor.halting import alone, release, stop, undo
from hybrid_tasks.supervisor.halts import Halted
from hybrid_tasks.supervisor.loaded import Loaded
from hybrid_tasks.supervisor.order import with_needs
from hybrid_tasks.supervisor.racing import first
from hybrid_tasks.supervisor.retelling import opened, result, told
from hybrid_tasks.supervisor.unit import ServiceUnit

BACK = 60.0
"""Seconds that a service has to come back without its debugger, while somebody waits for it."""


async def debug(estate: Estate, request: Request, reply: Reply, halted: Halted) -> None:
    """Swap a service under its debugger for as long as the client stays.

    Args:
        estate: everything the supervisor has.
        request: with the service, and whether its program is held.
        reply: to the client; `debugger` events say where the debugger listens.
        halted: what was asked to be stopped meanwhile.

    Raises:
        HybridError: it cannot be debugged; what runs is untouched.
    """
    loaded = await estate.load(request.env, acting=True)
    service = service_of(loaded, request.args["service"])
    targets = with_needs(loaded.project.services, (service.name,), loaded.project.steps)
    await asyncio.to_thread(check_environments, loaded, targets, request.env or {})
    debugging = await asyncio.to_thread(settled, loaded, service, request, estate.hybrid)
    await opened(estate, reply)
    units = [estate.unit(name) for name in targets]
    unit = estate.unit(service.name)
    if (there := unit.crew.debugging) is not None:
        words = f"`{service.name}` is under {there.adapter} already, on {there.address}"
        raise WrongInput(words, f"{there.note}; or `inv dev-restart {service.name}` first")
    await asyncio.to_thread(nobody_elses, service, debugging, unit.site.jobs.live)
    with told(estate, reply, targets):
        for one in units:
            await estate.reconfigured(one)
        if any(name in halted for name in targets):
            raise StoppedMeanwhile
        for one in units:
            if one is not unit:
                one.want(borrower=reply)
        data = {"adapter": debugging.adapter, "address": debugging.address, "note": debugging.note}
        reply.event(Event("debugger", time.time(), service.name, {**data, "wait": debugging.wait}))
        served = unit.setting is not None
        unit.crew.debugging = debugging
        unit.want("debug", reply)
        estate.taken_over()
        estate.remember()
        try:
            code = await _under(estate, reply, unit, units)
            if code is Code.DONE:
                code = await _stay(estate, reply, unit, debugging)
        finally:
            ours = unit.crew.debugging is debugging
            if ours:
                unit.crew.debugging = None
        if ours:
            reply.event(Event("debugger", time.time(), service.name, {}))
            await _back(estate, reply, unit, units, served=served)
        await _settled_down(estate, reply, unit)
        reply.result(result([unit]), code)


def settled(loaded: Loaded, service: Service, request: Request, folder: Path) -> Debugging:
    """Say how a service is debugged, before anything is done; blocks.

    Args:
        loaded: the project.
        service: which service.
        request: of the client.
        folder: `.hybrid/` of the project.

    Raises:
        WrongInput: the mode, or where it runs, forbids it.
        HybridError: it cannot be debugged, or its debugger has to be installed.
    """
    project = loaded.project
    mode = project.modes.get(project.mode or "")
    if mode is not None and not mode.hot_reload:
        raise WrongInput(
            f"the mode `{mode.name}` is not for development: it has `hot_reload = false`",
            f"start it in another: `inv dev-start {service.name} --mode MODE`",
            subject=f"service `{service.name}`",
        )
    place = debugged_place(project, service, folder, wait=request.args["wait"])
    client = request.env or {}
    return consulting.debugging(
        loaded.host, replace(service, environ=environment(loaded, service, client)), place, client.get("PATH")
    )


async def _under(estate: Estate, reply: Reply, unit: ServiceUnit, units: list[ServiceUnit]) -> Code:
    """Wait, however long a build takes, until the service is under its debugger and all that it needs has come up."""
    before = unit.state.last_receipt

    def done(one: ServiceUnit) -> Code | None:
        return under_debugger(unit, before) if one is unit else come_up(one)

    return await until(estate, reply, units, done, 0)


async def _stay(estate: Estate, reply: Reply, unit: ServiceUnit, debugging: Debugging) -> Code:
    """Wait until the client wants no more, or somebody else has restarted or stopped the service."""
    while unit.crew.debugging is debugging and not (reply.closed.is_set() or reply.cancelled.is_set()):
        await first(estate.bus.changed(), reply.closed.wait(), reply.cancelled.wait())
    return Code.INTERRUPTED if reply.cancelled.is_set() else Code.DONE


async def _back(estate: Estate, reply: Reply, unit: ServiceUnit, units: list[ServiceUnit], *, served: bool) -> None:
    """Leave the service as it was found, also when it has ended since, and as others want it meanwhile."""
    ours = alone(units, reply)
    back = unit.debugged or unit.state.swap is not None or (served and unit.setting is None)
    if unit.service.name not in ours and back:
        unit.want("restart", reply)
    release(units, reply, for_good=False)
    if unit.service.name in ours:
        await (undo(estate, reply, ours) if reply.cancelled.is_set() else stop(estate, ours))


async def _settled_down(estate: Estate, reply: Reply, unit: ServiceUnit) -> None:
    """Wait until the service runs without a debugger, or does not run; not for ever, and a build goes on alone."""

    def there() -> bool:
        rests = unit.state.rest is not None and not isinstance(unit.state.rest, Waiting)
        return unit.state.swap is None and not unit.debugged and (unit.setting is not None or rests)

    name = unit.service.name
    try:
        async with asyncio.timeout(BACK):
            while not there():
                await estate.bus.changed()
    except TimeoutError:
        if (swap := unit.state.swap) is None:
            words = f"`{name}` did not come back within {BACK:g} s"
            raise HybridError(words, f"see `inv dev-status` and `inv dev-logs {name}`") from None
        words = f"`{name}` is still on its way back ({swap.stage}); see `inv dev-status`"
        reply.event(Event("note", time.time(), None, {"text": words}))
