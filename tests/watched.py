"""A tree with everything that follows it, as the supervisor puts it together."""

from __future__ import annotations

from pathlib import Path

from receiver import Receiver

from hybrid_tasks.engine.observer import Observer
from hybrid_tasks.engine.snapshot import Tree
from hybrid_tasks.model.watching import Snapshot, Watch


class Watched:
    """One watched service."""

    def __init__(self, root: Path, base: Path | None = None) -> None:
        self.root = root
        self.base = base or root
        self.told = Receiver()
        self.observer = Observer(self.told, self.base)
        self.observer.watch("api", Watch((root,)))
        self.tree = Tree(Watch((root,)), self.base)
        self.tree.scan()
        self.first = self.tree.snapshot()
        self._taken = 0

    def caught_up(self) -> Snapshot:
        """What the tree holds once it was led only by what was told."""
        calls = self.told.calls[self._taken :]
        self._taken += len(calls)
        for call in calls:
            self.tree.refresh(call)
        return self.tree.snapshot()

    def truth(self) -> Snapshot:
        fresh = Tree(Watch((self.root,)), self.base)
        fresh.scan()
        return fresh.snapshot()

    def right(self) -> bool:
        return self.caught_up() == self.truth()
