"""What a client is told by a port whose service does not serve: which, what it is doing, and its last mistake."""

from __future__ import annotations

from hybrid_tasks.engine.unavailable import Notice
from hybrid_tasks.model.receipt import Receipt, Result
from hybrid_tasks.model.status import Blocked, Crashed, Finished, Held, Unit, Waiting
from hybrid_tasks.supervisor.crashes import how_ended

_UNDER_WAY = {
    "gate": "waits for what it needs",
    "plan": "is being started",
    "check": "is being checked",
    "build": "is being built",
    "launch": "is starting",
    "probe": "is starting and has not answered its health check yet",
    "retire": "is being replaced",
}
_FAILED = {
    "check": "did not pass its check",
    "build": "did not build",
    "launch": "did not start",
    "probe": "did not become healthy",
}


def excuse(unit: Unit) -> Notice:
    """Say why a service does not serve.

    Args:
        unit: its live state.

    Returns:
        its name with what it is doing, and the words of its last failure.
    """
    failure = unit.last_receipt if unit.last_receipt and unit.last_receipt.result is Result.FAILED else None
    if unit.swap is not None and (words := _UNDER_WAY.get(unit.swap.stage)):
        return Notice(f"{unit.name} {words}", _text(failure))
    match unit.rest:
        case Blocked(reason=reason, cure=cure) | Held(reason=reason, cure=cure):
            return Notice(f"{unit.name}: {reason}", cure)
        case Waiting(on=on) if on:
            return Notice(f"{unit.name} waits for {', '.join(on)}", _text(failure))
        case Crashed(code=code, tail=tail) if failure is None or tail != tuple(_text(failure).splitlines()):
            return Notice(f"{unit.name} {how_ended(code)}", "\n".join(tail))
        case Finished():
            return Notice(f"{unit.name} has finished")
    if failure is not None:
        stage = next((stage.name for stage in reversed(failure.stages) if not stage.ok), "")
        return Notice(f"{unit.name} {_FAILED.get(stage, 'could not be started')}", _text(failure))
    return Notice(f"{unit.name} does not run at the moment")


def _text(failure: Receipt | None) -> str:
    return failure.error or "" if failure is not None else ""
