"""Putting instances where clients find them and taking them away: on a slot of our port, behind the front, alone."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable
from typing import Protocol

from hybrid_tasks.model.command import Command
from hybrid_tasks.model.service import Listen, Service
from hybrid_tasks.process.jobs import Job
from hybrid_tasks.supervisor.berths import Berth, Berths
from hybrid_tasks.supervisor.fronting import Front
from hybrid_tasks.supervisor.listening import Way, answered, moved

DRAIN_SECONDS = 2.0


class Start(Protocol):
    """Starts an instance."""

    def __call__(
        self, command: Command, listener: socket.socket | None = None, *, binds: bool = False
    ) -> Awaitable[Job]:
        """Run a command, with a listener of ours, or so that it `binds` the service's own port."""


class Docking:
    """The instances of one service at their berths.

    Args:
        berths: the ports of the service.
        front: stands before instances that have a spare port.
    """

    def __init__(self, berths: Berths, front: Front) -> None:
        self.berths = berths
        self.ending: set[Job] = set()
        self._front = front

    async def launch(self, service: Service, way: Way, program: Command, start: Start) -> Job:
        """Start an instance; no client reaches it before `serve`.

        Args:
            service: as configured now.
            way: how it listens.
            program: as planned for that.
            start: starts it.
        """
        self.berths.choose(service, way.listen)
        if self.berths.next is None:
            await asyncio.gather(*(job.wait() for job in self.ending))  # what is left of one that crashed
        port = await self.berths.ready()
        if port is None:
            job = await start(program, binds=True)
            self.berths.take(job.run, Berth(service.host, service.port))
            return job
        if way.listen is Listen.FRONT:
            seat = await self._front.join(service.name, port)
            number = await asyncio.to_thread(self._front.spare)
            job = await start(moved(program, way, number))
            self.berths.take(job.run, Berth("localhost", number, port, seat=seat))
            return job
        slot = port.free_slot()
        try:
            job = await start(program, port.listener(slot))
        except BaseException:
            await asyncio.shield(port.rescue(slot))
            raise
        self.berths.take(job.run, Berth(service.host, service.port, port, slot))
        port.probe(slot)
        return job

    def of(self, job: Job, service: Service) -> Berth:
        """Say where an instance listens."""
        return self.berths.of(job.run) or Berth(service.host, service.port)

    def unproved(self, job: Job) -> None:
        """Hear that an instance did not become healthy: our probes have nothing to do with it any more."""
        berth = self.berths.of(job.run)
        if berth is not None and berth.port is not None and berth.seat is None:
            berth.port.probe(None)

    def serve(self, job: Job) -> None:
        """Send every new connection to an instance."""
        berth = self.berths.of(job.run)
        if berth is None or berth.port is None:
            return
        if berth.seat is not None:
            berth.seat.serve(berth.number)
        else:
            berth.port.serve(berth.slot)
            berth.port.probe(None)

    async def retire(self, job: Job, grace: float | None) -> None:
        """End an instance.

        Args:
            job: the instance.
            grace: seconds until it is killed, counted from now; None: its own, once it has finished.
        """
        self.ending.add(job)
        berth = self.berths.leave(job.run)
        try:
            if berth is None or berth.port is None:
                await job.stop(grace)
            elif berth.seat is not None:
                await _withdrawn(job, berth, grace)
            else:
                await self._taken_off(job, berth, grace)
        finally:
            self.ending.discard(job)
            await self.berths.left(job.run)

    async def _taken_off(self, job: Job, berth: Berth, grace: float | None) -> None:
        """End an instance that has a slot, by default after it has accepted what was queued for it."""
        port, slot = berth.port, berth.slot
        assert port is not None  # noqa: S101 - asked before
        if stopping := port.serving == slot:
            port.serve(None)
        if job.exit is None and grace is None and not (stopping and port is self.berths.next):
            await port.drained(slot, DRAIN_SECONDS)
        await job.stop(grace)
        await port.rescue(slot)


async def _withdrawn(job: Job, berth: Berth, grace: float | None) -> None:
    """End an instance behind the front; when another serves, after it has answered what it was asked."""
    seat, number = berth.seat, berth.number
    assert seat is not None and number is not None  # noqa: S101, PT018 - asked before
    if serving := seat.number == number:
        seat.serve(None)
    if job.exit is None and grace is None and not serving:
        await answered(number, max(DRAIN_SECONDS, job.spec.stop.grace))
    await job.stop(grace)
