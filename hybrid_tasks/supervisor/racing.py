"""Waiting for what comes first; above all one swap against a newer save, which ends it early but never mid-switch."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from hybrid_tasks.engine.order import Order, Outcome
from hybrid_tasks.engine.roles import Crew, Owner
from hybrid_tasks.engine.swap import swap


async def carry_out(
    order: Order,
    crew: Crew,
    owner: Owner,
    wake: asyncio.Event,
    *,
    overtaken: Callable[[], Awaitable[bool]],
    fixed: Callable[[], bool],
) -> Outcome | None:
    """Carry out a swap, and end it early when it is overtaken.

    Args:
        order: what to bring about.
        crew: who does the work.
        owner: whose service it is.
        wake: set whenever something happened.
        overtaken: looks what happened; True when this swap is not wanted any more. It clears `wake`.
        fixed: whether the swap must not be cancelled at this moment; `wake` is set when that moment is over.

    Returns:
        what came of it, or None when it was cancelled; `wake` is set in any case, for the tree is looked at again.
    """
    task = asyncio.ensure_future(swap(order, crew, owner))
    try:
        while not task.done():
            waking = asyncio.ensure_future(wake.wait())
            await asyncio.wait({task, waking}, return_when=asyncio.FIRST_COMPLETED)
            waking.cancel()
            if task.done():
                break
            if fixed():
                wake.clear()  # set again by whoever ends this moment, and at the end in any case
            elif await overtaken() and not fixed():
                task.cancel()
                await asyncio.wait({task})
    finally:
        if not task.done():
            task.cancel()
            await asyncio.wait({task})
        wake.set()
    return None if task.cancelled() else task.result()


async def first(*things: Awaitable[object]) -> None:
    """Wait until one of these is done, and give up waiting for the others."""
    tasks = {asyncio.ensure_future(thing) for thing in things}
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
