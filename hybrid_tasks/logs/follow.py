"""Looking for new jobs and new segments of the services somebody reads, at next to no cost."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from hybrid_tasks.logs.events import EVENT
from hybrid_tasks.logs.merge import Source, View
from hybrid_tasks.logs.store import JobLog, jobs, services

SHORTEST, LONGEST = 0.05, 0.25
"""Seconds between two looks: right after news, and when nothing happens."""

_FRESH = 2.0  # a folder written this recently may change again without a new time stamp
_SHOWN = frozenset({"instance", "follower", "sidecar"})
_SHOWN_WHEN_FAILED = frozenset({"build", "check", "step", "prepare", "release", "stop"})
_STOPPED_BY_US = frozenset({0, -15, -2, 143, 130})
_FORGOTTEN = 86400.0  # a build that says nothing for a day has nobody who would note its end


@dataclass(frozen=True, slots=True)
class Roles:
    """Which jobs are wanted: instances and failed builds, and beside them every build and check, or events."""

    build: bool = False
    events: bool = True

    def shows(self, role: str) -> bool:
        """Whether a job of this role is shown, however it ends."""
        if role == EVENT:
            return self.events
        return self.build or role in _SHOWN


@dataclass(slots=True)
class Folders:
    """The log folders of a project, listed again only when their time stamps say so.

    Args:
        project_logs: `.hybrid/logs`.
        chosen: whether a service is wanted.
        roles: which of their jobs.
        now: seconds since the epoch.
    """

    project_logs: Path
    chosen: Callable[[str], bool]
    roles: Roles = Roles()
    now: Callable[[], float] = time.time
    _stamps: dict[Path, int] = field(default_factory=dict)
    _names: list[str] = field(default_factory=list)
    _running: dict[tuple[str, str], JobLog] = field(default_factory=dict)
    _seen: set[tuple[str, str]] = field(default_factory=set)

    def changed(self) -> Iterator[list[JobLog]]:
        """The jobs of every wanted service whose folder may have changed since the last call, oldest first."""
        if self._stale(self.project_logs):
            self._names = [name for name in services(self.project_logs) if self.chosen(name)]
        for name in self._names:
            if self._stale(self.project_logs / name):
                yield jobs(self.project_logs / name)

    def shown(self, listed: list[JobLog]) -> list[JobLog]:
        """Those of the listed jobs that are to be shown and were not before."""
        wanted = []
        for job in listed:
            if job.key not in self._seen:
                self._seen.add(job.key)
                if self.roles.shows(job.role):
                    wanted.append(job)
                elif job.role in _SHOWN_WHEN_FAILED:
                    self._running[job.key] = job
            elif job.key in self._running:
                self._running[job.key] = job
        return wanted

    def failed(self) -> list[JobLog]:
        """The builds that were not known to have failed before."""
        found = []
        for key, job in list(self._running.items()):
            code = job.exit()
            if code is not None or self.now() - job.touched > _FORGOTTEN:
                del self._running[key]
                if code is not None and code not in _STOPPED_BY_US:
                    found.append(job)
        return found

    def _stale(self, folder: Path) -> bool:
        try:
            stamp = folder.stat().st_mtime_ns
        except OSError:
            stamp = -1
        before = self._stamps.get(folder)
        # The kernel's time stamps are coarse: what was written in the last moments may have gone unseen.
        self._stamps[folder] = stamp if self.now() - stamp / 1e9 > _FRESH else 0
        return before != stamp or before == 0


class Sources:
    """The jobs that take part, and what is asked about new ones.

    Args:
        folders: where they are found.
        view: how they are read.
    """

    def __init__(self, folders: Folders, view: View) -> None:
        self._folders = folders
        self._view = view
        self._known: dict[tuple[str, str], Source] = {}

    def look(self) -> list[Source]:
        """Sources for the jobs that are new; known ones learn of their new segments."""
        fresh = []
        for listed in self._folders.changed():
            for job in listed:
                if source := self._known.get(job.key):
                    source.look_again(job)
            fresh += self._folders.shown(listed)
        fresh += self._folders.failed()
        sources = []
        for job in fresh:
            if self._view.since is not None and job.touched < self._view.since and job.exit() is not None:
                continue  # over before; one that only was quiet may speak again
            self._known[job.key] = Source(job, self._view)
            sources.append(self._known[job.key])
        return sources
