"""Programs that end with 0 before anybody could ask them much: done, if they were not to serve anybody."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from hybrid_tasks.health.asked import Asked
from hybrid_tasks.health.monitor import first_answer
from hybrid_tasks.model.probe import AliveProbe, HttpProbe, LogProbe, Pace, Probe
from hybrid_tasks.model.verdict import Healthy, Unhealthy, Verdict


@dataclass
class Ended:
    code: int


def ended(probe: Probe, code: int, lines: Iterator[list[str]] | None = None, port: int | None = None) -> Verdict:
    async def main() -> Verdict:
        died: asyncio.Future[Ended] = asyncio.get_running_loop().create_future()
        died.set_result(Ended(code))
        at = Asked(port=port, lines=lambda: next(lines or iter([[]])))
        return await first_answer(probe, Pace(), at, died)

    return asyncio.run(main())


def test_alive_is_content_with_0() -> None:
    assert ended(AliveProbe(), 0) == Healthy()


def test_a_line_that_came_last_counts() -> None:
    assert ended(LogProbe("done"), 0, iter([["working", "done"], [], []])) == Healthy()


def test_a_line_that_never_came_does_not() -> None:
    assert ended(LogProbe("done"), 0) == Unhealthy("it ended with 0 before it was healthy")


@pytest.mark.parametrize("probe", [AliveProbe(), LogProbe("done")])
def test_another_code_is_a_failure(probe: Probe) -> None:
    verdict = ended(probe, 3, iter([["done"], []]))
    assert verdict == Unhealthy("it ended with 3 before it was healthy")


@pytest.mark.parametrize("probe", [HttpProbe("/"), AliveProbe(), LogProbe("done")])
def test_a_server_that_ends_with_0_never_served(probe: Probe) -> None:
    assert ended(probe, 0, iter([["done"], []]), port=1) == Unhealthy("it ended with 0 before it was healthy")
