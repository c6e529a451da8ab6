"""All jobs of a project: the one door through which anything is started.

Everything here happens on the asyncio loop and never blocks it.
"""

from __future__ import annotations

import asyncio
import secrets
import signal
import socket
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace

from hybrid_tasks.process.failures import StartFailed
from hybrid_tasks.process.identity import PROJECT, RUN, SERVICE
from hybrid_tasks.process.job import Job
from hybrid_tasks.process.lost import Lost, Searches
from hybrid_tasks.process.spec import Exit, JobSpec
from hybrid_tasks.process.stopping import reap, wait_gone
from hybrid_tasks.process.template import Template
from hybrid_tasks.process.warm import Cold, WarmParent, channel

__all__ = ["Cold", "Exit", "Job", "JobSpec", "Jobs", "StartFailed", "WarmParent"]

TRIES = 3  # a template may be killed at any moment, also while it is asked
OWNED = 2.0  # seconds after which a zombie that somebody of ours waits for would have been collected
GONE = 5.0  # seconds a shim may take from closing its socket to its end
ANSWER = 30.0  # seconds until a program must have been executed


class Jobs:
    """Starts jobs, knows those that live, and leaves nothing when closed.

    Args:
        project_id: what `project_identity` gave; every process carries it.
        python: the interpreter for template and shims.
        note: hears every run id before anything that carries it exists.
    """

    def __init__(
        self, project_id: str, *, python: str = sys.executable, note: Callable[[str], None] = lambda _run: None
    ) -> None:
        self._project = project_id
        self._note = note
        self._python = python
        self._template: Template | None = None
        self._starting_template = asyncio.Lock()
        self._shims: dict[Job, asyncio.Task[None]] = {}  # until the shim is gone; the job may be over before
        self._holders: dict[Job, frozenset[int]] = {}
        self._searches = Searches(self._known)
        self._later: asyncio.TimerHandle | None = None

    @property
    def live(self) -> Mapping[str, Job]:
        """The jobs of which anything lives, by run id."""
        return {job.run: job for job in self._shims if job.pid and job.exit is None}

    async def open(self) -> None:
        """Start the template, so that the first job need not wait for it."""
        await self._ready()

    async def close(self) -> None:
        """Stop all jobs at once, each with its own grace, and end the template."""
        await asyncio.gather(*(job.stop() for job in list(self._shims)))
        await asyncio.gather(*self._shims.values())
        if self._later is not None:
            self._later.cancel()
        if self._template is not None:
            await self._template.close()
            self._template = None

    async def start(self, spec: JobSpec) -> Job:
        """Start a program under a shim of its own.

        Args:
            spec: what to run.

        Returns:
            the job, once the program has been executed.

        Raises:
            StartFailed: it cannot be executed; the message says why.
        """
        if not spec.command.argv:
            raise StartFailed("the command is empty", spec.service)
        for _ in range(TRIES):
            try:
                template = await self._ready()
            except OSError as error:
                raise _no_process(error, spec) from error
            try:
                sock = await template.fork()
            except ConnectionError:
                template.give_up()
                continue
            except OSError as error:
                raise _no_process(error, spec) from error
            job = self._opened(spec, sock, frozenset({template.pid}))
            try:
                self._noted(job)
                async with asyncio.timeout(ANSWER):
                    await job.begin(self._marks(job))
            except ConnectionError:
                template.give_up()
                continue
            except TimeoutError:
                job.abandon()
                raise StartFailed(
                    f"`{spec.command.argv[0]}` was not executed in {ANSWER:.0f} s", spec.service
                ) from None
            except BaseException:
                job.abandon()
                raise
            return job
        raise StartFailed("the process that starts others was killed again and again", spec.service)

    async def start_warm(self, spec: JobSpec) -> WarmParent:
        """Start a warm parent; it has still to get ready.

        Args:
            spec: what to run, without listeners: its descriptor 3 is ours.

        Raises:
            StartFailed: it cannot be executed.
        """
        ours, theirs = channel()
        with theirs:
            try:
                job = await self.start(replace(spec, listeners=(theirs,)))
            except BaseException:
                ours.close()
                raise
        return WarmParent(job, ours, self._python)

    async def fork(self, spec: JobSpec, parent: WarmParent) -> Job:
        """Have a warm parent fork a program; like any other job it has a shim of its own.

        Args:
            spec: what to run.
            parent: who has loaded what it needs.

        Raises:
            Cold: the parent did not; start it cold.
            StartFailed: it cannot be started at all.
        """
        ours, theirs = channel()
        above = {parent.job.shim.pid} if parent.job.shim is not None else set()
        with theirs:
            job = self._opened(spec, ours, self._holders.get(parent.job, frozenset()) | above)
            try:
                self._noted(job)
                await job.begin_forked(parent.fork(job.run, spec, theirs, self._marks(job)))
            except BaseException:
                job.abandon()
                raise
        return job

    def _opened(self, spec: JobSpec, sock: socket.socket, holders: frozenset[int]) -> Job:
        job = Job(secrets.token_hex(6), spec, sock)
        self._holders[job] = holders
        self._shims[job] = asyncio.create_task(self._bury(job))
        return job

    def _marks(self, job: Job) -> dict[str, str]:
        return {PROJECT: self._project, SERVICE: job.spec.service, RUN: job.run}

    def _known(self) -> set[int]:
        """The pids of the shims that live, and of their programs."""
        shims = {job.shim.pid for job in self._shims if job.shim is not None and not job.silent.is_set()}
        return shims | {job.pid for job in self._shims if job.exit is None and not job.silent.is_set()}

    def _noted(self, job: Job) -> None:
        """Have the run id written down: what is not known to be ours could not be ended after a kill."""
        try:
            self._note(job.run)
        except OSError as error:
            raise StartFailed(
                f"cannot note that a process is started: {error.strerror or error}",
                job.spec.service,
                "free some space on the disk that holds your home folder",
            ) from error

    async def _ready(self) -> Template:
        async with self._starting_template:
            if self._template is not None and not self._template.alive:
                await self._template.close()
                self._template = None
            if self._template is None:
                self._template = await Template.start(self._python)
            return self._template

    async def _bury(self, job: Job) -> None:
        """The end of a shim: usually all is done, but a killed one leaves work and a dead template zombies."""
        await job.silent.wait()
        found: set[int] = set()
        try:
            if job.exit is None and job.shim is not None:
                job.ended(-signal.SIGKILL)  # by its death signal
                await self._searches.end(Lost(job.run, job.shim, self._holders[job], found))
            if job.exit is None:
                killed = Exit(-signal.SIGKILL if job.code is None else job.code, len(found - {job.pid}), killed=True)
                job.finish(killed)
            if job.shim is not None:
                await wait_gone(job.shim, GONE)
                self._reap(found | {job.shim.pid})
        finally:
            del self._shims[job]
            del self._holders[job]

    def _reap(self, known: set[int]) -> None:
        unclear = reap(known) - ({self._template.pid} if self._template is not None else set())
        if unclear and self._later is None:
            self._later = asyncio.get_running_loop().call_later(OWNED, self._reap_unclear, unclear)

    def _reap_unclear(self, pids: set[int]) -> None:
        self._later = None
        self._reap(pids)


def _no_process(error: OSError, spec: JobSpec) -> StartFailed:
    return StartFailed(f"cannot start a process: {error.strerror or error}", spec.service)
