"""Stopping services in order, and undoing a start."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence

from hybrid_tasks.control.server import Reply
from hybrid_tasks.errors import StoppedMeanwhile
from hybrid_tasks.supervisor.estate import Estate
from hybrid_tasks.supervisor.halts import Halted
from hybrid_tasks.supervisor.loaded import steps_of
from hybrid_tasks.supervisor.order import waves, with_dependants
from hybrid_tasks.supervisor.unit import ServiceUnit


async def stop(estate: Estate, names: Iterable[str], *, kill: bool = False) -> None:
    """Stop services, dependants first.

    Args:
        estate: everything the supervisor has.
        names: which.
        kill: without grace.
    """
    present = [name for name in names if name in estate.units]
    services = {name: unit.service for name, unit in estate.units.items()}
    for wave in reversed(waves(services, present, steps_of(estate.loaded))):
        units = [estate.units[name] for name in wave]
        for unit in units:
            unit.unwant(kill=kill)
        while not all(unit.stopped or unit.state.wanted for unit in units):  # somebody may start it again
            await estate.bus.changed()
    estate.remember()
    await estate.memory.kept()


def spared(
    estate: Estate, units: Sequence[ServiceUnit], changed: Sequence[bool], halted: Halted
) -> list[tuple[ServiceUnit, bool]]:
    """Give what of a start is still to come up: not what was stopped while it loaded, nor what depends on that.

    Args:
        estate: everything the supervisor has.
        units: of the start.
        changed: for each, whether it is configured anew.
        halted: what was asked to be stopped meanwhile.

    Returns:
        the others, with that.

    Raises:
        StoppedMeanwhile: nothing is left.
    """
    configured = estate.loaded.project.services if estate.loaded is not None else {}
    services = {**configured, **{unit.service.name: unit.service for unit in units}}
    stopped = tuple(name for name in services if name in halted)
    lost = with_dependants(services, stopped, steps_of(estate.loaded))
    left = [(unit, anew) for unit, anew in zip(units, changed, strict=True) if unit.service.name not in lost]
    if units and not left:
        raise StoppedMeanwhile
    return left


def alone(units: Iterable[ServiceUnit], borrower: object) -> list[str]:
    """Give the names of what nobody else wants any more, or has wanted meanwhile.

    Args:
        units: some services.
        borrower: who wanted them for a while.
    """
    return [unit.service.name for unit in units if unit.borrowers == {borrower}]


def release(units: Iterable[ServiceUnit], borrower: object, *, for_good: bool) -> None:
    """Leave what somebody wanted for a while to whoever else wants it, or have it wanted `for_good` from now on."""
    for unit in units:
        if for_good and borrower in unit.borrowers:
            unit.borrowers.clear()
        else:
            unit.borrowers.discard(borrower)


async def undo(estate: Estate, reply: Reply, names: Iterable[str]) -> None:
    """Stop what a cancelled start has begun; at once when the client says so again.

    Args:
        estate: everything the supervisor has.
        reply: of the start.
        names: the services that nobody else wants.
    """
    names = tuple(names)
    stopping = asyncio.ensure_future(stop(estate, names, kill=reply.hurried.is_set()))
    hurried = asyncio.ensure_future(reply.hurried.wait())
    try:
        await asyncio.wait({stopping, hurried}, return_when=asyncio.FIRST_COMPLETED)
        if not stopping.done():
            await stop(estate, names, kill=True)
    finally:
        hurried.cancel()
        await stopping
