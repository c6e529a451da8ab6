"""Steered sockets under load, with real instances in real jobs: no request fails, none meets an unproved version."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from swapping import Service, asked_for, load, question, run

from hybrid_tasks.model.probe import Pace
from hybrid_tasks.model.verdict import Healthy

pytestmark = pytest.mark.needs("linux")


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
@pytest.mark.parametrize("kind", ["tiny", "uvicorn"])
def test_twenty_swaps_under_load_fail_no_request(tmp_path: Path, kind: str, host: str) -> None:
    async def body(here: Service) -> None:
        await here.swap(getattr(here, kind)("v0"))
        async with load(here.port.port, host) as clients:
            for number in range(1, 21):
                await here.swap(getattr(here, kind)(f"v{number}"))
            await asyncio.gather(*here.retiring)
        assert clients["failures"] == 0, clients
        assert "v0" in clients["versions"]
        assert len(clients["versions"]) > 10, "the clients did not see the swaps"

    run(tmp_path, body, host)


def test_clients_that_keep_their_connections_repeat_at_most_what_was_closed_while_idle(tmp_path: Path) -> None:
    async def body(here: Service) -> None:
        await here.swap(here.uvicorn("v0"))
        async with load(here.port.port, "keep") as clients:
            for number in range(1, 11):
                await here.swap(here.uvicorn(f"v{number}"))
            await asyncio.gather(*here.retiring)
        assert clients["failures"] == 0, clients
        assert clients["repeated"] > 0, "no connection was ever closed: the old instances were not retired"

    run(tmp_path, body)


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_a_version_that_is_not_proved_never_gets_a_request_of_a_client(tmp_path: Path, host: str) -> None:
    async def body(here: Service) -> None:
        await here.swap(here.tiny("good"))
        async with load(here.port.port, host) as clients:
            for number in range(20):
                job, slot = await here.start(here.tiny(f"bad{number}", "500" if number % 2 else "hang"))
                pace = Pace(timeout=0.3, start_period=20)
                trying = asyncio.ensure_future(here.probe(job, slot, pace))
                while not asked_for(job):  # noqa: ASYNC110 - it has accepted a probe, so it would accept clients
                    await asyncio.sleep(0.01)
                trying.cancel()
                await asyncio.wait({trying})
                here.port.probe(None)
                assert set(asked_for(job)) == {"/healthz"}
                for _ in range(20):  # it lives on for a while, without a probe
                    assert (await question(here.port.port, host)).endswith(b"good")
                await job.stop(0)
                assert set(asked_for(job)) == {"/healthz"}
                await here.port.rescue(slot)
        assert clients["versions"] == {"good": clients["answered"]}
        assert clients["failures"] == 0, clients

    run(tmp_path, body, host)


@pytest.mark.parametrize("mode", ["500", "hang"])
def test_what_fails_its_probe_is_told_apart_from_the_serving_instance(tmp_path: Path, mode: str) -> None:
    async def body(here: Service) -> None:
        await here.swap(here.tiny("good"))
        job, slot = await here.start(here.tiny("bad", mode))
        verdict = await here.probe(job, slot, Pace(timeout=0.2, start_period=3))
        assert verdict != Healthy()
        assert ("answered 500" if mode == "500" else "no answer") in verdict.reason  # type: ignore[union-attr]

    run(tmp_path, body)
