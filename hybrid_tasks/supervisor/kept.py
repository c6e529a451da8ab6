"""What is kept of a service's last good version, so that it can be started again when a newer one fails."""

from __future__ import annotations

import asyncio
import itertools
from pathlib import Path

from hybrid_tasks.engine import keeping
from hybrid_tasks.engine.order import Version
from hybrid_tasks.model.watching import Snapshot
from hybrid_tasks.supervisor.crew import Crew
from hybrid_tasks.supervisor.rush import Rush
from hybrid_tasks.supervisor.setting import undebugged

MOST_FILES = 5000


class Kept:
    """The artefact folders of one service.

    Args:
        folder: the service's artefacts.
        crew: plans the start of a kept copy of the source.
        rush: what is kept is kept after it.
    """

    def __init__(self, folder: Path, crew: Crew, rush: Rush) -> None:
        self.good: Version | None = None
        self._spare: Version | None = None
        self._folder = folder
        self._crew = crew
        self._rush = rush
        self._numbers = itertools.count(1)
        self._open: Path | None = None
        self._one_at_a_time = asyncio.Lock()

    def next(self) -> Path:
        """Name the directory of the next build; it is made when the build is planned."""
        self._open = self._place()
        return self._open

    def runnable(self, fingerprint: str) -> Version | None:
        """Give the last good version in a form that can be started while the tree holds other source.

        Args:
            fingerprint: of the tree now.

        Returns:
            the version, or None when nothing of it was kept; without its debugger when that is not wanted any more.
        """
        if self._crew.debugging is None:
            self.good = None if self.good is None else undebugged(self.good)
            self._spare = None if self._spare is None else undebugged(self._spare)
        if self.good is not None and (self.good.built or self.good.fingerprint == fingerprint):
            return self.good
        return self._spare

    def drop_copy(self) -> None:
        """Forget the copy of the last good source: it is not what ran."""
        self._spare = None

    async def remember(self, version: Version, snapshot: Snapshot) -> None:
        """Take a version that proved healthy as the last good one, and drop what older ones needed.

        Args:
            version: what serves now.
            snapshot: the source it was made from.
        """
        if version is self.good or version is self._spare:
            return
        self.good = version
        await self._rush.over()
        async with self._one_at_a_time:
            if (
                not version.built
                and version.copy is None
                and version.driver is None
                and len(snapshot.files) <= MOST_FILES
            ):
                await self._keep(version, snapshot)
            kept = [one for one in (self.good, self._spare) if one is not None]
            keep = {one.folder for one in kept} | {one.copy.root.parent for one in kept if one.copy is not None}
            keep |= {self._open} if self._open is not None else set()
            await asyncio.to_thread(keeping.discard, self._folder, keep)

    async def _keep(self, version: Version, snapshot: Snapshot) -> None:
        """Copy the source of a version; the older copy stays when the tree has moved on meanwhile."""
        copy = await asyncio.to_thread(self._copied, snapshot)
        if copy is not None and self.good is version:
            self._spare = await self._crew.spare(version, copy)

    def _copied(self, snapshot: Snapshot) -> keeping.Copy | None:
        copy = keeping.copy_source(snapshot.files, self._crew.service.directory, keeping.fresh(self._place()))
        inside, _ = keeping.differing(copy)
        return None if inside else copy

    def _place(self) -> Path:
        return keeping.place_for(self._folder, next(self._numbers))
