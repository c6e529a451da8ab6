"""What a service is at the moment, told to everybody who listens whenever that changes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from hybrid_tasks.model.status import InFlight, Unit
from hybrid_tasks.supervisor.bus import Bus


class Standing:
    """The live state of one service.

    Args:
        service: its name.
        bus: hears that there was a change.
        changed: hears of the new state first.
    """

    def __init__(self, service: str, bus: Bus, changed: Callable[[Unit], None]) -> None:
        self.now = Unit(service)
        self._bus = bus
        self._changed = changed

    def change(self, **changes: object) -> None:
        """Take other values for some fields of the state; told only when one differs."""
        state = replace(self.now, **changes)  # type: ignore[arg-type]
        if state != self.now:
            self.now = state
            self._changed(state)
            self._bus.publish("state", state.name)

    def enter(self, stage: InFlight) -> None:
        """Take a stage of a swap as begun, or as waiting; that says all that has changed."""
        self.now = replace(self.now, swap=stage)
        self._bus.publish("stage", self.now.name, stage.as_json())
