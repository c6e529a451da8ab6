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

NOTIFY_SOCKET = "NOTIFY_SOCKET"


class Starting:
    """Starts jobs.

    Args:
        site: what all units share.
    """

    def __init__(self, site: Site) -> None:
        self.surroundings = Surroundings(site)
        self.tried: Setting | None = None
        """What the latest instance was started with, whatever came of it."""
        self.latest: Job | None = None
        """That instance."""
        self._site = site
        self._settings: dict[str, Setting] = {}
        self._notified: dict[str, Notified] = {}

    async def beside(self, service: Service, role: str, command: Command) -> Job:
        """Start a check or a build."""
        given = await asyncio.to_thread(self.surroundings.given, service)
        return await self._start(role, command, service, given.values)

    async def ask(self, command: Command, setting: Setting) -> Job:
        """Start an exec probe, in the environment of what it asks."""
        assert setting.given is not None  # noqa: S101 - it was started
        return await self._start(PROBE, command, setting.service, setting.given.values)

    async def instance(
        self, setting: Setting, command: Command, listener: socket.socket | None = None, *, binds: bool = False
    ) -> Job:
        """Start an instance, on a socket of ours or on a port; it may `bind` only what nobody else has."""
        if binds:
            await nobody_else(setting.service)
        given = setting.given
        if given is None:
            given = await asyncio.to_thread(self.surroundings.given, setting.service)
        self.tried = replace(setting, given=given, program=self._followed(command.argv[0]))
        if isinstance(setting.probe, NotifyProbe):
            job = await self._notifying(command, setting.service, given.values, listener)
        else:
            job = await self._start("instance", command, setting.service, given.values, listener)
        self.latest = job
        self._settings = {run: kept for run, kept in self._settings.items() if run in self._site.jobs.live}
        self._settings[job.run] = self.tried
        return job

    def _followed(self, program: str) -> str:
        """The file behind a program that stays where it is: the interpreter of a virtual environment may be another."""
        path = Path(program)
        return os.path.realpath(path) if path.is_absolute() and not path.is_relative_to(self._site.folder) else ""

    async def _notifying(
        self, command: Command, service: Service, environment: Mapping[str, str], listener: socket.socket | None
    ) -> Job:
        """Start an instance that says itself when it is ready."""
        notified = Notified.open(self._site.notify.fresh(), line)
        try:
            told = {**environment, NOTIFY_SOCKET: notified.address}
            job = await self._start("instance", command, service, told, listener)
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

    def setting(self, job: Job) -> Setting:
        """Say what an instance was started with."""
        return self._settings[job.run]

    async def _start(
        self,
        role: str,
        command: Command,
        service: Service,
        environment: Mapping[str, str],
        listener: socket.socket | None = None,
    ) -> Job:
        spec = JobSpec(
            service=service.name,
            role=role,
            command=command,
            env={**environment, **command.env},
            log_dir=self._site.logs(service.name),
            stop=service.stop,
            listeners=() if listener is None else (listener,),
        )
        job = await self._site.jobs.start(spec)
        if role != PROBE:
            self._site.announcing.started(job, self._site.colour(service.name))
        return job
