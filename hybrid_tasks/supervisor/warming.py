"""Making a warm parent: started, and waited for until it has loaded what it forks instances with."""

from __future__ import annotations

import asyncio

from hybrid_tasks.errors import HybridError
from hybrid_tasks.process.jobs import Cold, JobSpec, WarmParent
from hybrid_tasks.supervisor.site import Site

READY = 120.0
"""Seconds that imports may take."""


async def parent_of(spec: JobSpec, site: Site) -> WarmParent:
    """Start a warm parent and wait until it can fork; one at a time in a project.

    Args:
        spec: what to run.
        site: what all units share.

    Raises:
        Cold: it will not fork, and why.
    """
    async with site.warming:  # who saves meanwhile wants the processors
        try:
            parent = await site.jobs.start_warm(spec)
        except (HybridError, OSError) as error:
            raise Cold(error.message if isinstance(error, HybridError) else f"it cannot be started: {error}") from error
        site.announcing.started(parent.job)
        try:
            async with asyncio.timeout(READY):
                await parent.ready()
        except TimeoutError:
            await asyncio.shield(parent.stop(0))
            raise Cold(f"loading its libraries took more than {READY:.0f} s") from None
        except BaseException:
            await asyncio.shield(parent.stop(0))
            raise
        return parent
