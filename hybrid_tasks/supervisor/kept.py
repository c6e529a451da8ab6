"""What is kept of a service's last good version, so that it can be started again when a newer one fails."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

from hybrid_tasks.engine import keeping
from hybrid_tasks.engine.swap import Version
from hybrid_tasks.model.watching import Snapshot
from hybrid_tasks.supervisor.crew import Crew

MOST_FILES = 5000


class Kept:
    """The artefact folders of one service.

    Args:
        folder: the service's artefacts.
        crew: plans the start of a kept copy of the source.
    """

    def __init__(self, folder: Path, crew: Crew) -> None:
        self.good: Version | None = None
        self._spare: Version | None = None
        self._folder = folder
        self._crew = crew
        self._number = 0
        self._open: Path | None = None

    def fresh(self) -> Path:
        """Make an empty directory for the next build."""
        self._number += 1
        self._open = keeping.fresh(self._folder, self._number)
        return self._open

    def runnable(self, fingerprint: str) -> Version | None:
        """Give the last good version in a form that can be started while the tree holds other source.

        Args:
            fingerprint: of the tree now.

        Returns:
            the version, or None when nothing of it was kept.
        """
        if self.good is not None and (self.good.built or self.good.fingerprint == fingerprint):
            return self.good
        return self._spare

    async def remember(self, version: Version, snapshot: Snapshot) -> None:
        """Take a version that proved healthy as the last good one, and drop what older ones needed.

        Args:
            version: what serves now.
            snapshot: the source it was made from.
        """
        if version is self.good or version is self._spare:
            return
        self.good = version
        if not version.built and len(snapshot.files) <= MOST_FILES:
            directory = self._crew.service.directory
            copy = await asyncio.to_thread(keeping.copy_source, snapshot.files, directory, version.folder)
            if copy.is_dir() and self.good is version:
                spare = await self._crew.spare(version.folder, copy)
                self._spare = replace(spare, fingerprint=version.fingerprint)
        keep = {kept.folder for kept in (self.good, self._spare) if kept is not None}
        keep |= {self._open} if self._open is not None else set()
        await asyncio.to_thread(keeping.discard, self._folder, keep)
