"""One-shot steps that services need: each runs once until something about it changes."""

from __future__ import annotations

import asyncio

from hybrid_tasks.engine.builder import Refused, run
from hybrid_tasks.env.layers import resolve
from hybrid_tasks.errors import HybridError
from hybrid_tasks.model.command import Command
from hybrid_tasks.model.project import Step
from hybrid_tasks.model.service import Service
from hybrid_tasks.process.jobs import Job, JobSpec
from hybrid_tasks.supervisor.site import Site


class StepFailed(HybridError):
    """A step that services need ended with something else than 0."""


class Steps:
    """The steps of a project, each with the task that runs it.

    Args:
        site: what all units share.
    """

    def __init__(self, site: Site) -> None:
        self._site = site
        self._running: dict[Step, asyncio.Task[None]] = {}

    async def done(self, step: Step) -> None:
        """Wait until a step has run; started by whoever needs it first.

        Raises:
            StepFailed: it failed; it is tried again when somebody needs it again.
        """
        if step not in self._running:
            self._running[step] = asyncio.ensure_future(self._run(step))
        try:
            await asyncio.shield(self._running[step])
        except StepFailed:
            self._running.pop(step, None)
            raise

    async def _run(self, step: Step) -> None:
        command = Command(step.run, step.directory)
        ended = await run(lambda role, words: self._start(step, role, words), "step", command)
        if isinstance(ended, Refused):
            raise StepFailed(f"step `{step.name}` failed\n{ended.error}", f"try it alone: inv dev-step {step.name}")

    async def _start(self, step: Step, role: str, command: Command) -> Job:
        name = f"step-{step.name}"
        service = Service(name, step.directory)
        env = dict((await asyncio.to_thread(resolve, self._site.project, service, self._site.client)).values())
        return await self._site.jobs.start(JobSpec(name, role, command, env, self._site.logs(name)))
