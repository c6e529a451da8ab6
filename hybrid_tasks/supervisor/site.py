"""What every unit shares: the project, the plugin host, the jobs and the files."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from hybrid_tasks.journal.receipts import Receipts
from hybrid_tasks.logs.colours import colour_of
from hybrid_tasks.model.project import Project
from hybrid_tasks.plugin.host import Host
from hybrid_tasks.process.jobs import Jobs
from hybrid_tasks.supervisor.addresses import Addresses
from hybrid_tasks.supervisor.announcing import Announcing
from hybrid_tasks.supervisor.bus import Bus
from hybrid_tasks.supervisor.rush import Rush


@dataclass(slots=True)
class Site:
    """The one place where the units of a project meet.

    Args:
        folder: `.hybrid/` of the project.
        notify: where instances say that they are ready.
        client: the environment of the client that asked last; `env/` decides what of it reaches a service.
        now: seconds since the epoch.
        warming: held by who loads libraries for later.
    """

    project: Project
    host: Host
    jobs: Jobs
    bus: Bus
    receipts: Receipts
    folder: Path
    notify: Addresses
    client: Mapping[str, str] = field(default_factory=dict)
    now: Callable[[], float] = time.time
    rush: Rush = field(default_factory=Rush)
    announcing: Announcing = field(init=False)
    warming: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(1))

    def __post_init__(self) -> None:
        self.announcing = Announcing(self.rush, self.colour)

    def colour(self, service: str) -> str:
        """The stable colour of a service."""
        return colour_of(service, tuple(self.project.services))

    def logs(self, service: str) -> Path:
        """Where the jobs of a service write."""
        return self.folder / "logs" / service

    def artefacts(self, service: str) -> Path:
        """Where the builds of a service are kept."""
        return self.folder / "artefacts" / service

    def cache(self, service: str) -> Path:
        """Where tools keep what makes the next build of a service faster."""
        return self.folder / "cache" / service
