"""What is done next about one service: a swap, a pause, or nothing, decided from what serves and what is on disk."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from hybrid_tasks.engine.swap import Order
from hybrid_tasks.model.receipt import Receipt
from hybrid_tasks.model.status import Blocked, Held, Rest
from hybrid_tasks.supervisor.crew import Crew
from hybrid_tasks.supervisor.history import History
from hybrid_tasks.supervisor.kept import Kept
from hybrid_tasks.supervisor.recording import unchanged
from hybrid_tasks.supervisor.serving import Serving
from hybrid_tasks.supervisor.site import Site
from hybrid_tasks.supervisor.source import Source


@dataclass(frozen=True, slots=True)
class Pause:
    """Nothing for so many seconds; then it is decided again."""

    seconds: float


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

    async def next(self, trigger: str | None, rest: Rest | None) -> Order | Receipt | Pause | None:
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
            if (failed := self._history.went_back(fingerprint, serving)) is not None:
                return unchanged(failed, fingerprint, self._site.now())
            known = fingerprint in {serving, *self._history.tried} or not self._crew.service.hot_reload
            if known or isinstance(rest, Blocked) or self._held(rest):
                return None
            if (seconds := self._source.delay) > 0:
                return Pause(seconds)
            self._source.tried()
            if not await self._crew.prepared(self._source.since(serving)):
                return None
        elif (blocked := await self._crew.blocked()) is not None:
            self._put(blocked)
            return None
        good = self._kept.runnable(fingerprint)
        again = good if trigger == "crash" and fingerprint in {serving, *self._history.tried} else None
        return Order(trigger or "save", snapshot, self._source.since(serving), self._kept.fresh(), again, good)

    def _held(self, rest: Rest | None) -> bool:
        """Whether the changes are our own doing and ask for nothing; what is held may serve as it is."""
        if (held := self._source.held) is not None:
            self._put(held)
            self._site.bus.publish("held", self._crew.service.name, {"reason": held.reason, "cure": held.cure})
            return self._serving.running is not None or self._history.failing
        if isinstance(rest, Held):
            self._put(None)
        return False
