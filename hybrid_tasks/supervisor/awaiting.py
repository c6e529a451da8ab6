"""Whether what a client waits for has happened, or cannot happen any more."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

from hybrid_tasks.control.server import Reply
from hybrid_tasks.errors import Code, TimedOut
from hybrid_tasks.model.project import Step
from hybrid_tasks.model.receipt import Receipt, Result
from hybrid_tasks.model.status import Blocked, Crashed, Finished, Held, Waiting
from hybrid_tasks.model.verdict import Healthy
from hybrid_tasks.supervisor.estate import Estate
from hybrid_tasks.supervisor.loaded import steps_of
from hybrid_tasks.supervisor.order import reached
from hybrid_tasks.supervisor.racing import first
from hybrid_tasks.supervisor.unit import ServiceUnit

SWITCH = "switch"
"""The last stage of a swap, over when its receipt is written."""


def excused(unit: ServiceUnit) -> bool:
    """Blocked, and allowed to be."""
    return unit.service.optional and isinstance(unit.state.rest, Blocked)


def dead(unit: ServiceUnit) -> bool:
    """Not running, and nothing will change that by itself."""
    rest = unit.state.rest
    return isinstance(rest, Blocked | Held) or (isinstance(rest, Crashed) and not unit.reviving)


def started(unit: ServiceUnit) -> Code | None:
    """How the start of a service ended, None: not yet."""
    state = unit.state
    if state.swap is not None and state.swap.stage == SWITCH:
        return None  # it serves, and its last receipt is still of the swap before
    if excused(unit) or isinstance(state.rest, Finished) or (state.serving and isinstance(state.verdict, Healthy)):
        return Code.DONE
    return Code.FAILED if dead(unit) else None


def come_up(unit: ServiceUnit) -> Code | None:
    """The same for whoever wanted it: stopped meanwhile by somebody else, it will not come up."""
    return started(unit) if unit.state.wanted else Code.FAILED


def swapped_since(unit: ServiceUnit, before: Receipt | None) -> Code | None:
    """How a swap that was asked for ended, None: not yet.

    Args:
        unit: which service.
        before: its last receipt when that was asked for.
    """
    last = unit.state.last_receipt
    if not unit.state.wanted or dead(unit):
        return come_up(unit)
    if last is None or last is before or unit.state.swap is not None or unit.deciding:
        return None
    return Code.FAILED if last.result is Result.FAILED else come_up(unit)


def under_debugger(unit: ServiceUnit, before: Receipt | None) -> Code | None:
    """How the swap that puts a service under its debugger ended, None: not yet; whatever came of saves since then.

    Args:
        unit: which service.
        before: its last receipt when that was asked for.
    """
    if unit.debugged and unit.state.last_receipt is not before:
        return Code.DONE
    return swapped_since(unit, before)


Done = Callable[[ServiceUnit], Code | None]


async def until(estate: Estate, reply: Reply, units: list[ServiceUnit], done: Done, seconds: float) -> Code:
    """Wait until every unit is done, or cannot be because what it needs is not; or until the client gives up.

    Args:
        estate: everything the supervisor has.
        reply: tells whether the client still waits.
        units: which services.
        done: how it ended for one, None while it has not.
        seconds: how long to wait; 0 for ever.

    Raises:
        TimedOut: naming the services that are late.
    """
    gone = asyncio.ensure_future(_gone(reply))
    gone.add_done_callback(lambda _: estate.bus.nudge())
    try:
        async with asyncio.timeout(seconds or None):
            while not (reply.closed.is_set() or reply.cancelled.is_set()):
                codes = _judged(units, done, steps_of(estate.loaded))
                if None not in codes.values():
                    return Code.FAILED if Code.FAILED in codes.values() else Code.DONE
                await estate.bus.changed()
            return Code.INTERRUPTED
    except TimeoutError:
        late = [name for name, code in _judged(units, done, steps_of(estate.loaded)).items() if code is None]
        who = late[0] if late else ""
        raise TimedOut(
            f"not healthy after {seconds:g} s: {', '.join(late)}", f"they stay up; see `inv dev-logs {who}`".rstrip()
        ) from None
    finally:
        gone.cancel()


async def _gone(reply: Reply) -> None:
    await first(reply.closed.wait(), reply.cancelled.wait())


def _judged(units: list[ServiceUnit], done: Done, steps: Mapping[str, Step]) -> dict[str, Code | None]:
    """How it ended for each; who waits for one that failed has failed as well."""
    codes = {unit.service.name: done(unit) for unit in units}
    grown = True
    while grown:
        lost = {name for name, code in codes.items() if code is Code.FAILED}
        waiting = [unit for unit in units if codes[unit.service.name] is None and isinstance(unit.state.rest, Waiting)]
        more = {unit.service.name for unit in waiting if lost.intersection(reached(unit.service.needs, steps))}
        codes.update(dict.fromkeys(more, Code.FAILED))
        grown = bool(more)
    return codes
