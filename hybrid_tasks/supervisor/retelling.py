"""What a client is told of some services: what happens to them while it waits, and how they are in the end."""

from __future__ import annotations

import time
from collections.abc import Iterable

from hybrid_tasks.control.server import Reply
from hybrid_tasks.model.events import Event
from hybrid_tasks.model.receipt import Result
from hybrid_tasks.supervisor.estate import Estate
from hybrid_tasks.supervisor.report import service_status, standing
from hybrid_tasks.supervisor.unit import ServiceUnit


async def opened(estate: Estate, reply: Reply) -> None:
    """Open what is needed to start something, and pass on what the user should know of it."""
    for words in await estate.ready():
        reply.event(Event("note", time.time(), None, {"text": words}))


def result(units: Iterable[ServiceUnit]) -> dict[str, object]:
    """Say how services are, with the receipts of their last swaps."""
    known = list(units)
    receipts = [unit.state.last_receipt.as_json() for unit in known if unit.state.last_receipt]
    return {"receipts": receipts, "services": [service_status(unit.service, unit) for unit in known]}


class told:  # noqa: N801 - reads as a sentence: with told(...)
    """Passes what happens to some services on to a client.

    Args:
        estate: everything the supervisor has.
        reply: to the client.
        names: which services.
    """

    def __init__(self, estate: Estate, reply: Reply, names: Iterable[str]) -> None:
        self._estate, self._reply, self._names = estate, reply, frozenset(names)

    def __enter__(self) -> None:
        self._end = self._estate.bus.listen(self._hear)
        for name in self._names & self._estate.units.keys():
            state = self._estate.units[name].state
            if state.swap is not None:  # somebody else's, under way already
                self._reply.event(Event("state", time.time(), name, standing(self._estate.units[name])))
                self._reply.event(Event("stage", time.time(), name, state.swap.as_json()))

    def __exit__(self, *_: object) -> None:
        self._end()

    def _hear(self, event: Event) -> None:
        if event.service in self._names:
            unit = self._estate.units[event.service]
            data = standing(unit) if event.kind == "state" else event.data
            if event.kind == "receipt":
                stays = event.data["result"] != Result.CANCELLED.value or not unit.moved_on
                data = {**data, "debugged": stays and unit.debugged and unit.crew.debugging is not None}
            self._reply.event(Event(event.kind, event.at, event.service, data))
