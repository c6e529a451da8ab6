"""The swap: one coroutine that puts a new version in the place of the old one, and changes nothing itself.

    plan -> check -> build -> launch -> probe -> switch -> retire

What has to be done is asked of a `Crew`, what may be changed of an `Owner`; what happened comes back as an
`Outcome`. A version that is not proved never serves: it fails in check, build, launch or probe, and the old
one stays (`beside`) or is started again from what was kept of it (`replace`).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

from hybrid_tasks.engine import builder
from hybrid_tasks.engine.builder import Refused
from hybrid_tasks.engine.keeping import differing
from hybrid_tasks.engine.order import Driven, Nudge, Order, Outcome, Version
from hybrid_tasks.engine.roles import Crew, Owner
from hybrid_tasks.errors import HybridError, ToolMissing
from hybrid_tasks.model.receipt import Stage
from hybrid_tasks.model.verdict import Healthy, Verdict
from hybrid_tasks.process.jobs import Job


class _Book:
    """The stages of one swap with their times."""

    def __init__(self, owner: Owner) -> None:
        self.stage = owner.stage
        self.stages: list[Stage] = []

    @contextmanager
    def __call__(self, name: str) -> Iterator[_Mark]:
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
            if order.driven is not None:
                return await _driven(order.driven, order, crew, owner, book)
            if order.nudge is not None and await _nudged(order.nudge, crew, owner, book):
                return Outcome(tuple(book.stages), None, order.nudge.job, order.nudge.version)
            version, checking = await _make(order, crew, owner, book)
            await owner.gate()
            if crew.beside:
                return await _beside(version, checking, crew, owner, book)
            return await _replace(order, version, crew, owner, book)
        except _Failure as failure:
            return Outcome(tuple(book.stages), failure.error, failure.job, failure.version, failure.missing)
        except HybridError as error:
            words = "\n".join(error.lines()).removeprefix("error: ")
            return Outcome(tuple(book.stages), words, missing=error if isinstance(error, ToolMissing) else None)
    finally:
        if checking is not None and not checking.done():
            checking.cancel()
            await asyncio.wait({checking})


class _Failure(Exception):
    def __init__(
        self, error: str, job: Job | None = None, version: Version | None = None, missing: ToolMissing | None = None
    ) -> None:
        super().__init__(error)
        self.error = error
        self.job = job
        self.version = version
        self.missing = missing


async def _nudged(nudge: Nudge, crew: Crew, owner: Owner, book: _Book) -> bool:
    """Have the serving instance read its source again; False: it did not answer afterwards."""
    await owner.quiet()
    with book("signal") as mark:
        mark.ok = isinstance(await crew.nudge(nudge.job, nudge.signal), Healthy)
        if mark.ok:
            owner.adopt(nudge.version)
    return mark.ok


async def _driven(driven: Driven, order: Order, crew: Crew, owner: Owner, book: _Book) -> Outcome:
    """Leave the change to a driver, and see what it makes of it."""
    with book("driver") as mark:
        book.stage("driver", f"left to {driven.driver.name}")
        error = await crew.follow(driven, order.burst)
        mark.ok = error is None
        # Nobody knows what serves after a failure, so the next change is looked at whatever it is.
        owner.adopt(driven.version if mark.ok else replace(driven.version, fingerprint=""))
    return Outcome(tuple(book.stages), error, driven.job, driven.version)


async def _make(
    order: Order, crew: Crew, owner: Owner, book: _Book
) -> tuple[Version, asyncio.Task[Refused | Job] | None]:
    """Check and build; a check without a build runs on beside the launch when the old instance stays."""
    if order.version is not None:
        await _genuine(order.version, owner)
        return order.version, None
    with book("plan") as mark:
        plan = await crew.plan(order.folder, order.trigger)
        mark.ok = True
    checking = None
    if plan.check is not None and order.burst.changes:
        check = builder.with_changed(plan.check, order.burst.files)
        if crew.beside and plan.build is None:
            checking = asyncio.ensure_future(builder.run(crew.spawn, "check", check))
        else:
            with book("check") as mark:
                _refuse(await builder.run(crew.spawn, "check", check))
                mark.ok = True
    artefact = None
    if plan.build is not None:
        with book("build") as mark:
            built = await builder.build(crew.spawn, plan.build, order.folder, book.stage)
            _refuse(built)
            artefact = built if isinstance(built, Path) else None
            mark.ok = True
    program = builder.with_artefact(plan.program, artefact)
    made_from, artefacts = order.snapshot.fingerprint, plan.build is not None
    plain = None if plan.plain is None else builder.with_artefact(plan.plain, artefact)
    return Version(program, made_from, order.folder, artefacts, driver=plan.driver, plain=plain), checking


def _refuse(answer: object) -> None:
    if isinstance(answer, Refused):
        raise _Failure(answer.error)


async def _genuine(version: Version, owner: Owner) -> tuple[Path, ...]:
    """Refuse a kept copy that is not what it was made of; what it uses and is not in it may have changed."""
    if version.copy is None:
        return ()
    inside, outside = await asyncio.to_thread(differing, version.copy)
    if inside:
        owner.spoiled()
        raise _Failure(f"what was kept of it is not used: {_these(inside)} differs from what ran")
    return outside


def _these(files: tuple[Path, ...]) -> str:
    return f"`{files[0]}`" + (f" (and {len(files) - 1} more)" if len(files) > 1 else "")


async def _launch(version: Version, crew: Crew, book: _Book, checking: asyncio.Task[Refused | Job] | None) -> Job:
    """Start an instance and wait for its first healthy answer, in another way if the first one was to blame."""
    try:
        return await _tried(version, crew, book, checking)
    except _Failure:
        if not crew.again():
            raise
    return await _tried(version, crew, book, None)


async def _tried(version: Version, crew: Crew, book: _Book, checking: asyncio.Task[Refused | Job] | None) -> Job:
    """Start an instance and wait for its first healthy answer; gone again unless it gives one."""
    job = None
    proved = False
    try:
        with book("launch") as mark:
            try:
                job = await crew.launch(version)
            except HybridError as error:
                missing = error if isinstance(error, ToolMissing) else None
                raise _Failure("\n".join(error.lines()).removeprefix("error: "), missing=missing) from error
            mark.ok = True
        with book("probe") as mark:
            verdict = await _probe(job, crew, book, checking)
            mark.ok = isinstance(verdict, Healthy)
        if not isinstance(verdict, Healthy):
            why = await crew.why(job, verdict)
            if job.spec.refused(why):  # a warm parent checks what it forks
                book.stages[-1] = replace(book.stages[-1], name="check")
            raise _Failure(why)
        proved = True
        return job
    finally:
        if job is not None and not proved:
            await asyncio.shield(crew.drop(job))


async def _probe(job: Job, crew: Crew, book: _Book, checking: asyncio.Task[Refused | Job] | None) -> Verdict:
    """Probe, but do not wait out the start period of a version whose check has failed."""
    begin = time.perf_counter()
    probing = asyncio.ensure_future(crew.probe(job, partial(book.stage, "probe")))
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
    with book("switch") as mark:
        await owner.switch(job, version)
        mark.ok = True
    return Outcome(tuple(book.stages), None, job, version)


async def _replace(order: Order, version: Version, crew: Crew, owner: Owner, book: _Book) -> Outcome:
    await owner.quiet()
    with book("retire") as mark:
        await owner.retire()
        mark.ok = True
    try:
        job = await _launch(version, crew, book, None)
    except _Failure as failure:
        if order.good is None or order.good is order.version:
            raise
        try:
            outside = await _genuine(order.good, owner)
            again = await _launch(order.good, crew, book, None)
        except _Failure as second:
            raise _Failure(_both(failure.error, second.error), missing=failure.missing) from failure
        with book("switch") as mark:
            await owner.switch(again, order.good)
            mark.ok = True
        mixed = f"\nthe version before runs again, with {_these(outside)} as it is now" if outside else ""
        raise _Failure(failure.error + mixed, again, order.good) from None
    with book("switch") as mark:
        await owner.switch(job, version)
        mark.ok = True
    return Outcome(tuple(book.stages), None, job, version)


def _both(error: str, before: str) -> str:
    """The words of two failures, one after the other; what is the same is said once."""
    first, *more = error.split("\n", 1)
    if error == before:
        return "\n".join((f"{first}, as did the version before", *more))
    return f"{error}\nand the version before failed too: {before}"
