"""What asks for the next swap of a service: somebody, or a swap that a save has ended before it came about."""

from __future__ import annotations

from hybrid_tasks.model.receipt import Receipt, Result

CRASH = "crash"
OWED = frozenset({"restart", "config", CRASH})
"""Those whose swap has to come about even when the save that ended it is undone."""


class Triggers:
    """The triggers of one service."""

    def __init__(self) -> None:
        self.next: str | None = None
        """What was asked for and is not acted on yet."""
        self.acting: str | None = None
        """What is acted on; None: something has happened, and nothing was asked for."""
        self._owed: str | None = None

    def __bool__(self) -> bool:
        """Whether something has still to be done."""
        return self.next is not None or self._owed is not None

    def take(self) -> str | None:
        """Give what to act on now."""
        self.acting, self.next = self.next, None
        return self.acting

    def owed(self) -> str | None:
        """Give what a cancelled swap owes, once, where nothing else is to be done: its save was undone."""
        if self.acting is not None or self._owed is None:
            return None
        self.acting, self._owed = self._owed, None
        return self.acting

    def served(self) -> None:
        """Hear of an instance that serves: the end of the one before has not to be answered any more."""
        self.next = None if self.next == CRASH else self.next

    def ended(self, receipt: Receipt) -> None:
        """Hear how a swap ended."""
        if receipt.result in {Result.LIVE, Result.FAILED}:
            self._owed = None
        elif receipt.result is Result.CANCELLED and receipt.trigger in OWED:
            self._owed = receipt.trigger

    def forget(self) -> None:
        """Nothing is wanted any more."""
        self.next = self._owed = None
