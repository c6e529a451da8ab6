"""What is done next about one service: a swap, a pause, or nothing, decided from what serves and what is on disk."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from hybrid_tasks.engine.order import Driven, Nudge, Order, Version
from hybrid_tasks.model.plan import ReloadAction
from hybrid_tasks.model.receipt import Receipt
from hybrid_tasks.model.status import Blocked, Held, Rest
from hybrid_tasks.model.watching import Burst, Snapshot
from hybrid_tasks.supervisor.crew import Crew
from hybrid_tasks.supervisor.history import History
from hybrid_tasks.supervisor.kept import Kept
from hybrid_tasks.supervisor.recording import named, unchanged
from hybrid_tasks.supervisor.serving import Serving
from hybrid_tasks.supervisor.setting import setting_of, unset
from hybrid_tasks.supervisor.site import Site
from hybrid_tasks.supervisor.source import Source
from hybrid_tasks.supervisor.triggers import CRASH

UNDEBUG = "undebug"
"""The trigger of a swap that takes the debugger away from what serves, because the source on disk cannot serve."""


@dataclass(frozen=True, slots=True)
class Pause:
    """Nothing for so many seconds; then it is decided again."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Left:
    """The changes ask for no swap: what serves counts as this version from now on."""

    version: Version
    receipt: Receipt


class Deciding:
    """The decisions about one service.

    Args:
        site: what all units share.
        source: the service's watched files.
        crew: asks the plugins.
        serving: what serves.
        kept: the last good version.
        history: what was tried.
        put: changes what the service is while nothing of it serves.
    """

    def __init__(
        self,
        site: Site,
        source: Source,
        crew: Crew,
        *,
        serving: Serving,
        kept: Kept,
        history: History,
        put: Callable[[Rest | None], None],
    ) -> None:
        self._site = site
        self._source = source
        self._crew = crew
        self._serving = serving
        self._kept = kept
        self._history = history
        self._put = put
        self._left: str | None = None  # the source that was last left to a driver, whatever it made of it

    async def next(self, trigger: str | None, rest: Rest | None) -> Order | Left | Receipt | Pause | None:
        """Decide on the next swap, if one is needed.

        Args:
            trigger: what was asked for, None when something has only happened.
            rest: what the service is while nothing of it serves.

        Returns:
            the swap; or what is to be written down instead of one; or when to ask again; or nothing to do.
        """
        snapshot = await self._source.refresh()
        fingerprint, serving = snapshot.fingerprint, self._serving.fingerprint
        if trigger is None:
            undone = fingerprint == serving and self._owes_debugger and fingerprint not in self._history.tried
            if not undone and (failed := self._history.went_back(fingerprint, serving)) is not None:
                return self._unchanged(fingerprint, failed.files)
            known = not undone and fingerprint in {serving, *self._history.tried}
            if known or not self._crew.service.hot_reload or isinstance(rest, Blocked) or self._held(rest):
                return None
            if (seconds := self._source.delay) > 0:
                return Pause(seconds)
            self._source.tried()
            return self._order("debug", snapshot) if undone else await self._changed(snapshot)
        if (blocked := await self._crew.blocked()) is not None:
            self._put(blocked)
            return None
        if trigger != CRASH:
            self._crew.note = ""
        known = trigger == CRASH and fingerprint in {serving, *self._history.tried}
        again = known or trigger == UNDEBUG
        return self._order(trigger, snapshot, self._kept.runnable(fingerprint) if again else None)

    async def _changed(self, snapshot: Snapshot) -> Order | Left:
        """Ask the stack what changes are answered with."""
        running, made = self._serving.running, self._made
        burst = self._since()
        if running is not None and running.version.driver is not None and self._crew.debugging is None:
            burst = burst if self._left is None else self._source.since(self._left)
            as_new = replace(running.version, fingerprint=snapshot.fingerprint)
            driven, self._left = Driven(running.version.driver, running.job, as_new), snapshot.fingerprint
            return Order("save", snapshot, burst, as_new.folder, driven=driven)
        self._left = None
        plan = await self._crew.prepared(burst)
        debugged = self._crew.debugging is not None
        if made is None or (made.plain is not None) is not debugged:
            return self._order("save", snapshot)
        reads_the_tree = made.copy is None
        as_new = replace(made, fingerprint=snapshot.fingerprint)
        match plan.action:
            case ReloadAction.LEAVE if running is not None and reads_the_tree:
                files = named(burst.files, self._site.project.root)
                return Left(as_new, self._unchanged(snapshot.fingerprint, files, plan.reason))
            case ReloadAction.SIGNAL if running is not None and reads_the_tree and not debugged:
                return replace(self._order("save", snapshot), nudge=Nudge(plan.signal, running.job, as_new))
            case ReloadAction.RESTART if self._fits(made):
                return self._order("save", snapshot, unset(as_new))
        return self._order("save", snapshot)

    @property
    def _owes_debugger(self) -> bool:
        """Whether what serves is not debugged though it was asked for: a save ended that swap, and may be undone."""
        running = self._serving.running
        return self._crew.debugging is not None and running is not None and running.version.plain is None

    def _fits(self, made: Version) -> bool:
        """Whether there is an artefact, and it was made of the configuration of now."""
        setting = setting_of(made)
        current = setting is not None and setting.service == self._crew.service
        return made.built and current and made.folder.is_dir()

    @property
    def _made(self) -> Version | None:
        """What serves, or what served last."""
        return self._serving.running.version if self._serving.running is not None else self._kept.good

    def _since(self) -> Burst:
        """What changed since that was made."""
        return self._source.since(self._made.fingerprint if self._made is not None else None)

    def _order(self, trigger: str, snapshot: Snapshot, version: Version | None = None) -> Order:
        good = self._kept.runnable(snapshot.fingerprint)
        return Order(trigger, snapshot, self._since(), self._kept.next(), version, good)

    def _unchanged(self, fingerprint: str, files: tuple[str, ...], note: str = "") -> Receipt:
        name, at, launch = self._crew.service.name, self._site.now(), self._crew.launch_name
        run = self._serving.run
        return unchanged(name, fingerprint, at, run=run, launch=launch, files=files, note=note)

    def _held(self, rest: Rest | None) -> bool:
        """Whether the changes are our own doing and ask for nothing; what is held may serve as it is."""
        if (held := self._source.held) is not None:
            self._put(held)
            self._site.bus.publish("held", self._crew.service.name, {"reason": held.reason, "cure": held.cure})
            return self._serving.running is not None or self._history.failing
        if isinstance(rest, Held):
            self._put(None)
        return False
