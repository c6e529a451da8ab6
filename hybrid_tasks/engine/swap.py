"""The swap: one coroutine that puts a new version in the place of the old one, and changes nothing itself.

    plan -> check -> build -> launch -> probe -> switch -> retire

What has to be done is asked of a `Crew`, what may be changed of an `Owner`; what happened comes back as an
`Outcome`. A version that is not proved never serves: it fails in check, build, launch or probe, and the old
one stays (`beside`) or is started again from what was kept of it (`replace`).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from hybrid_tasks.engine import builder
from hybrid_tasks.engine.builder import Refused
from hybrid_tasks.errors import HybridError, ToolMissing
from hybrid_tasks.model.command import Command
from hybrid_tasks.model.plan import StartPlan
from hybrid_tasks.model.receipt import Stage
from hybrid_tasks.model.verdict import Healthy, Verdict
from hybrid_tasks.model.watching import Burst, Snapshot
from hybrid_tasks.process.jobs import Job


@dataclass(frozen=True, slots=True)
class Version:
    """Something that can be started (again): the program as planned, and the source it was made from.

    `built` says that it does not read its source any more.
    """

    program: Command
    fingerprint: str
    folder: Path
    built: bool = False


@dataclass(frozen=True, slots=True)
class Order:
    """What a swap shall bring about.

    Args:
        trigger: why (`start`, `save`, `restart`, `crash`, `config`).
        snapshot: the source to run.
        burst: what changed since the version that serves; empty at a first start.
        folder: a fresh directory for what the build produces.
        version: start this kept version instead of making one.
        good: the version to start again when a `replace` fails.
    """

    trigger: str
    snapshot: Snapshot
    burst: Burst
    folder: Path
    version: Version | None = None
    good: Version | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a swap came to.

    `job` is the instance that serves now because of this swap: the new one, after a failed `replace` the
    old version started again, or None. `version` is what `job` runs. `missing`: what has to be installed first.
    """

    stages: tuple[Stage, ...]
    error: str | None = None
    job: Job | None = None
    version: Version | None = None
    missing: ToolMissing | None = None


class Crew(Protocol):
    """Does the work of a swap; every call may be cancelled, and a cancelled call leaves nothing running."""

    @property
    def beside(self) -> bool:
        """Whether the new instance starts next to the old one; known once planned."""

    async def plan(self, folder: Path, trigger: str) -> StartPlan:
        """Ask the stack; how the service listens is settled by a start or a restart, never by a save."""

    async def spawn(self, role: str, command: Command) -> Job:
        """Start a check or build job."""

    async def launch(self, version: Version) -> Job:
        """Start an instance."""

    async def probe(self, job: Job) -> Verdict:
        """Wait for the first healthy answer of this instance."""

    async def drop(self, job: Job) -> None:
        """End an instance that was never proved."""

    def why(self, job: Job, verdict: Verdict) -> str:
        """Give the excerpt that explains why an instance did not become healthy."""


class Owner(Protocol):
    """Decides when a swap may go on, and is the only one who changes what serves."""

    def stage(self, name: str, note: str = "") -> None:
        """Hear which stage begins, or what the one under way waits for."""

    async def gate(self) -> None:
        """Wait for what the service needs."""

    async def quiet(self) -> None:
        """Wait until saving has paused; never returns when the source has moved on (the swap is cancelled)."""

    async def retire(self) -> None:
        """Stop the old instance before its replacement starts."""

    async def switch(self, job: Job, version: Version) -> None:
        """Let the new instance serve; not cancelled any more."""


class _Book:
    """The stages of one swap with their times."""

    def __init__(self, owner: Owner) -> None:
        self.stage = owner.stage
        self.stages: list[Stage] = []

    @asynccontextmanager
    async def __call__(self, name: str) -> AsyncIterator[_Mark]:
        self.stage(name)
        mark = _Mark()
        begin = time.perf_counter()
        try:
            yield mark
        finally:
            self.stages.append(Stage(name, (time.perf_counter() - begin) * 1000, mark.ok))


class _Mark:
    """Whether the stage under way went well; it has not until it says so."""

    ok = False


async def swap(order: Order, crew: Crew, owner: Owner) -> Outcome:
    """Carry out one swap.

    Args:
        order: what to bring about.
        crew: who does the work.
        owner: whose service it is.

    Returns:
        the stages, and either the instance that serves now or the error.

    Raises:
        asyncio.CancelledError: a newer save; whatever this swap had started is gone.
    """
    book = _Book(owner)
    checking: asyncio.Task[Refused | Job] | None = None
    try:
        try:
            version, checking = await _make(order, crew, book)
            await owner.gate()
            if crew.beside:
                return await _beside(version, checking, crew, owner, book)
            return await _replace(order, version, crew, owner, book)
        except _Failure as failure:
            return Outcome(tuple(book.stages), failure.error, failure.job, failure.version)
        except HybridError as error:
            words = "\n".join(error.lines()).removeprefix("error: ")
            return Outcome(tuple(book.stages), words, missing=error if isinstance(error, ToolMissing) else None)
    finally:
        if checking is not None and not checking.done():
            checking.cancel()
            await asyncio.wait({checking})


class _Failure(Exception):
    def __init__(self, error: str, job: Job | None = None, version: Version | None = None) -> None:
        super().__init__(error)
        self.error = error
        self.job = job
        self.version = version


async def _make(order: Order, crew: Crew, book: _Book) -> tuple[Version, asyncio.Task[Refused | Job] | None]:
    """Check and build; a check without a build runs on beside the launch when the old instance stays."""
    if order.version is not None:
        return order.version, None
    async with book("plan") as mark:
        plan = await crew.plan(order.folder, order.trigger)
        mark.ok = True
    checking = None
    if plan.check is not None and order.burst.changes:
        check = builder.with_changed(plan.check, order.burst.files)
        if crew.beside and plan.build is None:
            checking = asyncio.ensure_future(builder.run(crew.spawn, "check", check))
        else:
            async with book("check") as mark:
                _refuse(await builder.run(crew.spawn, "check", check))
                mark.ok = True
    artefact = None
    if plan.build is not None:
        async with book("build") as mark:
            built = await builder.build(crew.spawn, plan.build, order.folder, book.stage)
            _refuse(built)
            artefact = built if isinstance(built, Path) else None
            mark.ok = True
    program = builder.with_artefact(plan.program, artefact)
    return Version(program, order.snapshot.fingerprint, order.folder, plan.build is not None), checking


def _refuse(answer: object) -> None:
    if isinstance(answer, Refused):
        raise _Failure(answer.error)


async def _launch(version: Version, crew: Crew, book: _Book, checking: asyncio.Task[Refused | Job] | None) -> Job:
    """Start an instance and wait for its first healthy answer; gone again unless it gives one."""
    job = None
    proved = False
    try:
        async with book("launch") as mark:
            try:
                job = await crew.launch(version)
            except HybridError as error:
                raise _Failure("\n".join(error.lines()).removeprefix("error: ")) from error
            mark.ok = True
        async with book("probe") as mark:
            verdict = await _probe(job, crew, book, checking)
            mark.ok = isinstance(verdict, Healthy)
        if not isinstance(verdict, Healthy):
            raise _Failure(crew.why(job, verdict))
        proved = True
        return job
    finally:
        if job is not None and not proved:
            await asyncio.shield(crew.drop(job))


async def _probe(job: Job, crew: Crew, book: _Book, checking: asyncio.Task[Refused | Job] | None) -> Verdict:
    """Probe, but do not wait out the start period of a version whose check has failed."""
    begin = time.perf_counter()
    probing = asyncio.ensure_future(crew.probe(job))
    try:
        if checking is not None:
            await asyncio.wait({probing, checking}, return_when=asyncio.FIRST_COMPLETED)
            checked = await checking
            passed = not isinstance(checked, Refused)
            book.stages.append(Stage("check", (time.perf_counter() - begin) * 1000, passed))
            _refuse(checked)
        return await probing
    finally:
        if not probing.done():
            probing.cancel()
            await asyncio.wait({probing})


async def _beside(
    version: Version, checking: asyncio.Task[Refused | Job] | None, crew: Crew, owner: Owner, book: _Book
) -> Outcome:
    job = await _launch(version, crew, book, checking)
    try:
        await owner.quiet()
    except BaseException:
        await asyncio.shield(crew.drop(job))
        raise
    async with book("switch") as mark:
        await owner.switch(job, version)
        mark.ok = True
    return Outcome(tuple(book.stages), None, job, version)


async def _replace(order: Order, version: Version, crew: Crew, owner: Owner, book: _Book) -> Outcome:
    await owner.quiet()
    async with book("retire") as mark:
        await owner.retire()
        mark.ok = True
    try:
        job = await _launch(version, crew, book, None)
    except _Failure as failure:
        if order.good is None or order.good is order.version:
            raise
        try:
            again = await _launch(order.good, crew, book, None)
        except _Failure as second:
            raise _Failure(f"{failure.error}\nand the version before failed too: {second.error}") from failure
        async with book("switch") as mark:
            await owner.switch(again, order.good)
            mark.ok = True
        raise _Failure(failure.error, again, order.good) from None
    async with book("switch") as mark:
        await owner.switch(job, version)
        mark.ok = True
    return Outcome(tuple(book.stages), None, job, version)
