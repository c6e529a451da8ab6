"""Steps run once, after what they need, and only while somebody waits."""

from __future__ import annotations

import asyncio
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from jobbing import becomes, with_jobs

from hybrid_tasks.model.project import Project, Step
from hybrid_tasks.model.service import Service
from hybrid_tasks.process.jobs import Jobs
from hybrid_tasks.supervisor.order import with_needs
from hybrid_tasks.supervisor.steps import StepFailed, Steps


def site(jobs: Jobs, root: Path) -> Any:
    project = Project("p", root, None, {})
    return SimpleNamespace(jobs=jobs, project=project, client={"PATH": "/usr/bin:/bin"}, logs=lambda name: root / name)


async def nothing(_needs: tuple[str, ...]) -> None:
    """Nothing is needed."""


def test_bug_what_a_step_needs_was_not_waited_for(tmp_path: Path) -> None:
    async def play(jobs: Jobs) -> None:
        asked: list[tuple[str, ...]] = []
        there = asyncio.Event()

        async def needs(names: tuple[str, ...]) -> None:
            asked.append(names)
            await there.wait()

        steps = Steps(site(jobs, tmp_path), needs)
        step = Step("migrate", ("touch", "done"), tmp_path, ("db", "step:schema"))
        running = asyncio.ensure_future(steps.done(step))
        await becomes(lambda: asked)
        assert not jobs.live
        there.set()
        await running
        assert asked == [("db", "step:schema")]
        assert (tmp_path / "done").exists()

    with_jobs(play)


def test_bug_a_service_that_only_a_step_needs_was_not_started() -> None:
    here = Path("/")
    services = {name: Service(name, here, needs=needs) for name, needs in {"db": (), "web": ("step:a",)}.items()}
    steps = {"a": Step("a", ("true",), here, ("step:b",)), "b": Step("b", ("true",), here, ("db",))}
    assert with_needs(services, ("web",), steps) == ("db", "web")


def test_bug_a_step_nobody_waited_for_any_more_went_on(tmp_path: Path) -> None:
    async def play(jobs: Jobs) -> None:
        steps = Steps(site(jobs, tmp_path), nothing)
        step = Step("long", ("sleep", "1000"), tmp_path)
        waiting = [asyncio.ensure_future(steps.done(step)) for _ in range(2)]
        await becomes(lambda: jobs.live)
        waiting[0].cancel()
        await asyncio.wait({waiting[0]})
        assert jobs.live
        waiting[1].cancel()
        await asyncio.wait({waiting[1]})
        assert not jobs.live

    with_jobs(play)


def test_bug_a_step_that_broke_was_broken_for_ever(tmp_path: Path) -> None:
    async def play(jobs: Jobs) -> None:
        tries: list[object] = []

        async def needs(names: tuple[str, ...]) -> None:
            tries.append(names)
            if len(tries) == 1:
                raise OSError("once")

        steps = Steps(site(jobs, tmp_path), needs)
        step = Step("migrate", ("true",), tmp_path, ("db",))
        with pytest.raises(OSError, match="once"):
            await steps.done(step)
        await steps.done(step)
        await steps.done(step)
        assert len(tries) == 2
        with pytest.raises(StepFailed):
            await steps.done(Step("bad", ("false",), tmp_path))

    with_jobs(play)
