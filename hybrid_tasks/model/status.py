"""The live state of a service as the supervisor knows it."""

from __future__ import annotations

from dataclasses import dataclass

from hybrid_tasks.model.receipt import Receipt, Result
from hybrid_tasks.model.verdict import Unknown, Verdict


@dataclass(frozen=True, slots=True)
class Instance:
    """One running incarnation of a service.

    `run` is its run id, `started` seconds since the epoch, `fingerprint` the source it runs.
    """

    run: str
    pid: int
    started: float
    fingerprint: str
    launch: str
    port: int | None = None


@dataclass(frozen=True, slots=True)
class InFlight:
    """A swap that is under way: its stage, since when (seconds since the epoch), and what it waits for, if known."""

    stage: str
    since: float
    note: str = ""

    def as_json(self) -> dict[str, object]:
        """What a `stage` event says of it."""
        return {"stage": self.stage, "note": self.note} if self.note else {"stage": self.stage}


@dataclass(frozen=True, slots=True)
class Stopped:
    """Not wanted, not running."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """Wanted, and waiting for other services first; for none: about to be started."""

    on: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Blocked:
    """Cannot run on this machine as it is; `cure` is what to do about it."""

    reason: str
    cure: str = ""


@dataclass(frozen=True, slots=True)
class Crashed:
    """Ended by itself with `code` (negative: a signal) and waits for a change; `tail` are its last lines."""

    code: int
    tail: tuple[str, ...] = ()
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Finished:
    """Ended by itself with 0."""


@dataclass(frozen=True, slots=True)
class Held:
    """Not reloaded any more until the user acts, for this reason."""

    reason: str
    cure: str = ""


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """Runs in another runtime."""

    runtime: str


Rest = Stopped | Waiting | Blocked | Crashed | Finished | Held | Elsewhere


@dataclass(frozen=True, slots=True)
class Unit:
    """Everything known of one service at one moment; the old instance serving while a new one builds is normal."""

    name: str
    wanted: bool = False
    serving: Instance | None = None
    verdict: Verdict = Unknown()
    swap: InFlight | None = None
    rest: Rest | None = Stopped()
    last_receipt: Receipt | None = None
    restarts: int = 0


def word(unit: Unit) -> str:
    """The one status word of a unit, the first that matches.

    Args:
        unit: the live state of a service.

    Returns:
        held, blocked, building, starting, running, crashed, waiting, elsewhere, finished or stopped.
    """
    if isinstance(unit.rest, Held):
        return "held"
    if isinstance(unit.rest, Blocked):
        return "blocked"
    if unit.swap is not None and unit.serving is None:
        if unit.swap.stage == "gate":
            return "waiting"
        return "building" if unit.swap.stage in {"plan", "check", "build"} else "starting"
    if unit.serving is not None:
        return "running"
    if unit.rest is None:
        return "stopped"
    if unit.rest == Waiting(()):
        return "starting"
    return type(unit.rest).__name__.lower()


def stale(unit: Unit) -> bool:
    """Whether a running service serves older source or configuration than there is, because what came last failed."""
    last = unit.last_receipt
    if unit.serving is None or last is None or last.result is not Result.FAILED:
        return False
    return last.trigger in {"save", "config"} or last.fingerprint != unit.serving.fingerprint
