"""The record of one swap."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

REBUILT = "full rebuild: "
"""How a note begins that says why everything is made anew."""
RESTARTED = "restarted: "
"""The same where nothing is built."""


class Result(Enum):
    """How a swap ended."""

    LIVE = "live"
    FAILED = "failed"
    UNCHANGED = "unchanged"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage of a swap with how long it took, in milliseconds."""

    name: str
    ms: float
    ok: bool


@dataclass(frozen=True, slots=True)
class Receipt:
    """The record of one swap.

    Args:
        id: short and unique in the project, sortable by time.
        trigger: `start`, `save`, `restart`, `crash`, `config`, `hand-back`.
        files: changed files, relative to the project where possible.
        launch: `beside` or `replace`.
        error: the excerpt that matters when it failed.
        before: run id of the instance before; `after`: of the one that serves now.
        fingerprint: of the source that was tried.
        at: seconds since the epoch when the swap began; `ended`: when it was over.
        note: a stated fall-back (`full rebuild: go.mod changed`).
        start: `warm`, or `cold: ` and why; empty where the stack has no warm parents. Part of the note for programs,
            but of a crash, whose note is how it ended.
    """

    id: str
    service: str
    trigger: str
    result: Result
    launch: str
    fingerprint: str
    at: float
    files: tuple[str, ...] = ()
    stages: tuple[Stage, ...] = ()
    error: str | None = None
    before: str | None = None
    after: str | None = None
    note: str = ""
    ended: float = 0.0
    start: str = ""

    def as_json(self) -> dict[str, object]:
        """The receipt as the machine-readable contract names it (schema 1, additions only)."""
        return {
            "schema": 1,
            "id": self.id,
            "service": self.service,
            "trigger": self.trigger,
            "files": list(self.files),
            "result": self.result.value,
            "launch": self.launch,
            "stages": [{"name": s.name, "ms": round(s.ms, 1), "ok": s.ok} for s in self.stages],
            "error": self.error,
            "from": self.before,
            "to": self.after,
            "fingerprint": self.fingerprint,
            "at": self.at,
            "ended": self.ended,
            "note": self._note(),
            "start": self.start,
        }

    def _note(self) -> str:
        """What is said to people; what is made anew starts cold, and has said why."""
        anew = self.note.startswith((REBUILT, RESTARTED))
        told = self.trigger == "crash" or (anew and self.start.startswith("cold"))
        return self.note if told else "; ".join(filter(None, (self.note, self.start)))
