"""One-shot steps that services need: each runs once until something about it changes."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

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


@dataclass(slots=True)
class _Run:
    """A step under way or done, and how many wait for it."""

    task: asyncio.Task[None]
    waiting: int = 0


class Steps:
    """The steps of a project, each with the task that runs it.

    Args:
        site: what all units share.
        needs: waits until other steps and services are there.
    """

    def __init__(self, site: Site, needs: Callable[[tuple[str, ...]], Awaitable[None]]) -> None:
        self._site = site
        self._needs = needs
        self._runs: dict[Step, _Run] = {}

    async def done(self, step: Step) -> None:
        """Wait until a step has run; started by whoever needs it first, ended when nobody waits any more.

        Raises:
            HybridError: it failed; it is tried again when somebody needs it again.
        """
        if step not in self._runs:
            self._runs[step] = _Run(asyncio.ensure_future(self._run(step)))
        here = self._runs[step]
        here.waiting += 1
        try:
            await asyncio.shield(here.task)
        finally:
            here.waiting -= 1
            await self._after(step, here)

    async def _after(self, step: Step, here: _Run) -> None:
        """Forget a step that has not run to a good end, and end one nobody waits for."""
        if here.task.done() and not here.task.cancelled() and here.task.exception() is None:
            return
        if here.task.done() or not here.waiting:
            if self._runs.get(step) is here:
                del self._runs[step]
            here.task.cancel()
            await asyncio.wait({here.task})

    async def _run(self, step: Step) -> None:
        if step.needs:
            await self._needs(step.needs)
        command = Command(step.run, step.directory)
        ended = await run(lambda role, words: self._start(step, role, words), "step", command)
        if isinstance(ended, Refused):
            raise StepFailed(f"step `{step.name}` failed\n{ended.error}", f"try it alone: inv dev-step {step.name}")

    async def _start(self, step: Step, role: str, command: Command) -> Job:
        name = f"step-{step.name}"
        service = Service(name, step.directory)
        env = dict((await asyncio.to_thread(resolve, self._site.project, service, self._site.client)).values())
        return await self._site.jobs.start(JobSpec(name, role, command, env, self._site.logs(name)))
