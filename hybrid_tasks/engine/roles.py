"""Whom a swap asks: a crew that does its work, and the owner of the service, who alone changes what serves."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from hybrid_tasks.engine.order import Driven, Version
from hybrid_tasks.model.command import Command
from hybrid_tasks.model.plan import StartPlan
from hybrid_tasks.model.verdict import Verdict
from hybrid_tasks.model.watching import Burst
from hybrid_tasks.process.jobs import Job


class Crew(Protocol):
    """Does the work of a swap; every call may be cancelled, and a cancelled call leaves nothing running."""

    @property
    def beside(self) -> bool:
        """Whether the new instance starts next to the old one; known once planned."""

    async def plan(self, folder: Path, trigger: str) -> StartPlan:
        """Ask the stack; how the service listens is settled by a start or a restart, never by a save."""

    async def spawn(self, role: str, command: Command) -> Job:
        """Start a check or build job."""

    async def launch(self, version: Version) -> Job:
        """Start an instance."""

    async def probe(self, job: Job, failing: Callable[[str], None]) -> Verdict:
        """Wait for the first healthy answer of this instance; `failing` hears why there is none yet."""

    def again(self) -> bool:
        """Whether the last probe failed for how the instance was started, and another way is left."""

    async def nudge(self, job: Job, signal: str) -> Verdict:
        """Send a serving instance a signal, and wait for its next healthy answer."""

    async def follow(self, driven: Driven, burst: Burst) -> str | None:
        """See what a driver makes of a change: None once its program answers anew, else why it does not."""

    async def drop(self, job: Job) -> None:
        """End an instance that was never proved."""

    async def why(self, job: Job, verdict: Verdict) -> str:
        """Explain why an instance did not become healthy; it may be ended by that, for it is dropped next."""


class Owner(Protocol):
    """Decides when a swap may go on, and is the only one who changes what serves."""

    def stage(self, name: str, note: str = "") -> None:
        """Hear which stage begins, or what the one under way waits for."""

    async def gate(self) -> None:
        """Wait for what the service needs."""

    async def quiet(self) -> None:
        """Wait until saving has paused; never returns when the source has moved on (the swap is cancelled)."""

    async def retire(self) -> None:
        """Stop the old instance before its replacement starts."""

    async def switch(self, job: Job, version: Version) -> None:
        """Let the new instance serve; not cancelled any more."""

    def adopt(self, version: Version) -> None:
        """Take what serves as being of this version from now on."""

    def spoiled(self) -> None:
        """Hear that the kept copy is not what was copied; it is not to be used any more."""
