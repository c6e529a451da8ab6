"""Starting the jobs of one service, each in its environment, and knowing what an instance was started with."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from hybrid_tasks.health.notify import Notified
from hybrid_tasks.model.command import Command
from hybrid_tasks.model.probe import NotifyProbe
from hybrid_tasks.model.service import Service
from hybrid_tasks.process.identity import line
from hybrid_tasks.process.jobs import Job, JobSpec
from hybrid_tasks.supervisor.occupancy import nobody_else
from hybrid_tasks.supervisor.probing import PROBE
from hybrid_tasks.supervisor.setting import Setting
from hybrid_tasks.supervisor.site import Site
from hybrid_tasks.supervisor.surroundings import Surroundings
from hybrid_tasks.supervisor.warmth import NOTIFY_SOCKET, Warmth


class Starting:
    """Starts jobs.

    Args:
        site: what all units share.
        warmth: starts instances, warm where that can be.
    """

    def __init__(self, site: Site, warmth: Warmth) -> None:
        self.surroundings = Surroundings(site)
        self.tried: Setting | None = None
        """What the latest instance was started with, whatever came of it."""
        self.latest: Job | None = None
        """That instance."""
        self._site = site
        self._warmth = warmth
        self._settings: dict[str, Setting] = {}
        self._notified: dict[str, Notified] = {}

    async def beside(self, service: Service, role: str, command: Command) -> Job:
        """Start a check or a build."""
        given = await asyncio.to_thread(self.surroundings.given, service)
        return self._told(await self._site.jobs.start(self._spec(role, command, service, given.values)))

    async def ask(self, command: Command, setting: Setting) -> Job:
        """Start an exec probe, in the environment of what it asks."""
        assert setting.given is not None  # noqa: S101 - it was started
        return await self._site.jobs.start(self._spec(PROBE, command, setting.service, setting.given.values))

    async def instance(
        self,
        setting: Setting,
        command: Command,
        listener: socket.socket | None = None,
        *,
        tree: bool,
        binds: bool = False,
    ) -> Job:
        """Start an instance, on a socket of ours or on a port.

        Args:
            setting: what it is started with.
            command: its program.
            listener: a socket of ours.
            tree: it runs the source as it is on disk, and not a kept copy.
            binds: it binds its port itself, which may be nobody else's.
        """
        if binds:
            await nobody_else(setting.service)
        given = setting.given
        if given is None:
            given = await asyncio.to_thread(self.surroundings.given, setting.service)
        self.tried = replace(setting, given=given, program=self._followed(command.argv[0]))
        spec = self._spec("instance", command, setting.service, given.values)
        spec = replace(spec, listeners=() if listener is None else (listener,))
        if isinstance(setting.probe, NotifyProbe):
            job = await self._notifying(spec, tree=tree)
        else:
            job = self._told(await self._warmth.start(spec, tree=tree))
        self.latest = job
        self._settings = {run: kept for run, kept in self._settings.items() if run in self._site.jobs.live}
        self._settings[job.run] = self.tried
        return job

    def _followed(self, program: str) -> str:
        """The file behind a program that stays where it is: the interpreter of a virtual environment may be another."""
        path = Path(program)
        return os.path.realpath(path) if path.is_absolute() and not path.is_relative_to(self._site.folder) else ""

    async def _notifying(self, spec: JobSpec, *, tree: bool) -> Job:
        """Start an instance that says itself when it is ready."""
        notified = Notified.open(self._site.notify.fresh(), line)
        try:
            told = replace(spec, env={**spec.env, NOTIFY_SOCKET: notified.address})
            job = self._told(await self._warmth.start(told, tree=tree))
        except BaseException:
            notified.close()
            raise
        notified.of({job.pid, job.shim.pid} if job.shim is not None else {job.pid})
        self._notified[job.run] = notified
        return job

    def notified(self, job: Job) -> Notified | None:
        """Give what hears when an instance says that it is ready, None where it is not to say so."""
        return self._notified.get(job.run)

    def gone(self, job: Job) -> None:
        """Hear that an instance is over."""
        if (notified := self._notified.pop(job.run, None)) is not None:
            notified.close()

    def behind(self, configured: Service | None, setting: Setting | None, service: Service) -> bool:
        """Say whether the next start would be of other configuration or another environment; reads files.

        Args:
            configured: the service as its files describe it now, None when they do not any more.
            setting: what the serving instance was started with, None when nothing serves.
            service: as configured when it was asked for last.
        """
        if configured is None or configured != (setting.service if setting is not None else service):
            return True
        tried = setting or self.tried
        given = tried.given if tried is not None else None
        return given is not None and self.surroundings.moved(configured, given)

    def setting(self, job: Job) -> Setting:
        """Say what an instance was started with."""
        return self._settings[job.run]

    def _spec(self, role: str, command: Command, service: Service, environment: Mapping[str, str]) -> JobSpec:
        return JobSpec(
            service=service.name,
            role=role,
            command=command,
            env={**environment, **command.env},
            log_dir=self._site.logs(service.name),
            stop=service.stop,
        )

    def _told(self, job: Job) -> Job:
        """Have a job written down that has started."""
        self._site.announcing.started(job)
        return job
