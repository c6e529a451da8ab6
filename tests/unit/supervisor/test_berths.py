"""Ports stay until their last instance has left."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import pytest

from hybrid_tasks.engine.steering import SteeredPort
from hybrid_tasks.errors import PortTaken
from hybrid_tasks.model.service import Listen, Service
from hybrid_tasks.process.ports import free_port, holder
from hybrid_tasks.supervisor.berths import Berth, Berths
from hybrid_tasks.supervisor.occupancy import steered

pytestmark = pytest.mark.needs("linux")
HOST = "127.0.0.1"
WEB = Service("web", Path("/"))


async def nobody(_port: SteeredPort) -> None:
    """No front has anything to give back."""


def play(story: Callable[[Berths], Awaitable[None]]) -> None:
    """Tell a story of one service's ports, which are closed at its end."""

    async def main() -> None:
        berths = Berths(steered, nobody)
        try:
            async with asyncio.timeout(60):
                await story(berths)
        finally:
            await berths.close()

    asyncio.run(main())


async def boarded(berths: Berths, service: Service, run: str) -> None:
    berths.choose(service, Listen.INHERIT)
    port = await berths.ready()
    assert port is not None
    slot = port.free_slot()
    port.listener(slot)
    port.serve(slot)
    berths.take(run, Berth(service.host, service.port, port, slot))


async def gone(berths: Berths, run: str) -> None:
    berths.leave(run)
    await berths.left(run)


def test_bug_the_port_was_given_back_before_its_replacement_was_built() -> None:
    async def story(berths: Berths) -> None:
        service = replace(WEB, port=free_port(HOST))
        await boarded(berths, service, "old")
        berths.choose(service, Listen.OWN)
        await berths.tidy()
        assert holder(service.port or 0) is not None
        assert not berths.steered
        assert berths.in_the_way(service)
        await gone(berths, "old")
        assert holder(service.port or 0) is None

    play(story)


def test_bug_a_changed_port_was_not_taken_or_the_old_one_dropped() -> None:
    async def story(berths: Berths) -> None:
        old, new = (replace(WEB, port=free_port(HOST)) for _ in range(2))
        await boarded(berths, old, "old")
        await boarded(berths, new, "new")
        assert holder(old.port or 0) is not None
        assert holder(new.port or 0) is not None
        berths.choose(old, Listen.INHERIT)  # configured back while it still runs
        berths.choose(new, Listen.INHERIT)
        await gone(berths, "old")
        assert holder(old.port or 0) is None
        assert berths.next is not None
        assert berths.next.port == new.port

    play(story)


def test_bug_our_own_listener_was_called_a_stranger() -> None:
    async def story(berths: Berths) -> None:
        narrow = replace(WEB, port=free_port(HOST))
        wide = replace(narrow, host="0.0.0.0")
        await boarded(berths, narrow, "old")
        berths.choose(wide, Listen.INHERIT)
        assert berths.next is None
        assert berths.steered
        await gone(berths, "old")
        assert (port := await berths.ready()) is not None
        assert port.host == wide.host

    play(story)


def test_a_stranger_is_named() -> None:
    async def story(berths: Berths) -> None:
        service = replace(WEB, port=free_port(HOST))
        server = await asyncio.start_server(lambda _reader, _writer: None, HOST, service.port)
        async with server:
            with pytest.raises(PortTaken):
                berths.choose(service, Listen.INHERIT)
        assert not berths.steered

    play(story)
