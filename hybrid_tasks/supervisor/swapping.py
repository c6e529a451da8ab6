"""The swaps of one service, one at a time: what each asks of the service's owner, and what ends it early."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

from hybrid_tasks.engine.order import Order, Version
from hybrid_tasks.errors import HybridError
from hybrid_tasks.model.receipt import Receipt
from hybrid_tasks.model.status import InFlight, Waiting
from hybrid_tasks.model.verdict import Healthy, Unknown
from hybrid_tasks.process.jobs import Job
from hybrid_tasks.supervisor.crew import Crew
from hybrid_tasks.supervisor.kept import Kept
from hybrid_tasks.supervisor.news import news
from hybrid_tasks.supervisor.racing import carry_out
from hybrid_tasks.supervisor.recording import noted, receipt_of
from hybrid_tasks.supervisor.serving import Serving
from hybrid_tasks.supervisor.setting import Setting
from hybrid_tasks.supervisor.site import Site
from hybrid_tasks.supervisor.source import Source
from hybrid_tasks.supervisor.standing import Standing

Needs = Callable[[Callable[[tuple[str, ...]], None]], Awaitable[None]]
"""Waits until all that a service needs is there; what it calls hears what is not, whenever that changes."""


class Swapping:
    """What the swaps of one service may change.

    Args:
        site: what all units share.
        source: the service's watched files.
        crew: does the work.
        serving: what serves.
        kept: the last good version.
        standing: the live state of the service.
        wake: set whenever something happened.
        needs: waits until everything the service needs is healthy, and tells what that still is.
        unwanted: whether the swap in flight is not wanted any more, whatever the source is.
        started: hears of an instance that serves from now on.
    """

    def __init__(
        self,
        site: Site,
        source: Source,
        crew: Crew,
        *,
        serving: Serving,
        kept: Kept,
        standing: Standing,
        wake: asyncio.Event,
        needs: Needs,
        unwanted: Callable[[], bool],
        started: Callable[[], None],
    ) -> None:
        self._site = site
        self._source = source
        self._crew = crew
        self._serving = serving
        self._kept = kept
        self._standing = standing
        self._wake = wake
        self._needs = needs
        self._unwanted = unwanted
        self._started = started
        self._order: Order | None = None
        self._proved: Setting | None = None
        self._switching = False
        self._looked = asyncio.Event()

    async def work(self, order: Order) -> tuple[Receipt, HybridError | None]:
        """Carry out a swap, and end it early when it is not wanted any more or the source has moved on.

        Args:
            order: what to bring about.

        Returns:
            the receipt, and what has to be installed first when that is why it failed.
        """
        begun, before, self._order = self._site.now(), self._serving.run, order
        proved = self._proved
        self._source.began()
        try:
            with self._site.rush.swap():
                outcome = await carry_out(
                    order, self._crew, self, self._wake, overtaken=self._overtaken, fixed=self._fixed
                )
        finally:
            self._switching = False
            self._source.ended(self._serving.pid)
        root, launch, note = self._site.project.root, self._crew.launch_name, self._crew.note
        built = outcome is not None and any(stage.name == "build" for stage in outcome.stages)
        note = noted(note, news(proved, self._crew.starting.tried), built=built)
        name, missing = self._crew.service.name, outcome.missing if outcome else None
        receipt = receipt_of(
            order,
            outcome,
            name,
            root=root,
            launch=launch,
            at=begun,
            ended=self._site.now(),
            before=before,
            note=note,
            start=self._crew.warmth.said,
        )
        return receipt, missing

    # what a swap asks of its owner

    def stage(self, name: str, note: str = "") -> None:
        """Hear which stage begins, or what the one under way waits for."""
        swap = self._standing.now.swap
        since = swap.since if swap is not None and swap.stage == name else self._site.now()
        self._standing.enter(InFlight(name, since, note))

    async def gate(self) -> None:
        """Wait for what the service needs, unless an older instance serves already."""
        needs = self._crew.service.needs
        if self._serving.running is None and needs:
            swap = InFlight("gate", self._site.now())
            await self._needs(lambda left: self._standing.change(swap=swap, rest=Waiting(left)))

    async def quiet(self) -> None:
        """Wait until saving has paused; never returns when the source has moved on (the swap is cancelled)."""
        given_up = await self._source.quiet()
        self._crew.note = "; ".join(filter(None, (self._crew.note, given_up)))
        while await self._moved():
            self._looked.clear()
            self._wake.set()
            await self._looked.wait()  # cancelled by who looks, unless the save was undone meanwhile

    async def retire(self) -> None:
        """Stop the old instance before its replacement starts."""
        await self._serving.take_out()
        self._standing.change(serving=None, verdict=Unknown())
        self._wake.set()

    async def switch(self, job: Job, version: Version) -> None:
        """Let the new instance serve, and the old one finish what it has."""
        self._switching = True
        self._proved = setting = self._crew.starting.setting(job)
        self._serving.put(job, version if version.setting == setting else replace(version, setting=setting))
        self._started()
        instance = self._serving.described(self._crew.launch_name, setting.service.port)
        revived = self._order is not None and self._order.trigger == "crash"
        restarts = self._standing.now.restarts + revived
        self._standing.change(serving=instance, verdict=Healthy(), rest=None, restarts=restarts)

    def adopt(self, version: Version) -> None:
        """Take what serves as being of another version from now on."""
        self._serving.adopt(version)
        serving = self._standing.now.serving
        if serving is not None:
            self._standing.change(serving=replace(serving, fingerprint=version.fingerprint))

    def spoiled(self) -> None:
        """Hear that the kept copy is not what was copied; it is not to be used any more."""
        self._kept.drop_copy()

    # what ends one early

    def _fixed(self) -> bool:
        """Whether the swap in flight must not be cancelled at this moment."""
        return self._switching or self._serving.changing

    async def _overtaken(self) -> bool:
        self._wake.clear()
        if self._unwanted():
            return True
        moved = await self._moved()
        if not moved:
            self._looked.set()
        return moved

    async def _moved(self) -> bool:
        """Whether the source is not what the swap in flight is made from any more."""
        return await self._source.moved(self._order.snapshot.fingerprint if self._order else None)
