"""What only tidies up waits for the swaps under way, but not for long."""

from __future__ import annotations

import asyncio

from hybrid_tasks.supervisor.rush import LONGEST, Rush


def test_tidying_up_waits_for_the_last_swap() -> None:
    async def main() -> None:
        rush = Rush()
        await rush.over()
        with rush.swap():
            with rush.swap():
                waiting = asyncio.ensure_future(rush.over())
            await asyncio.sleep(0)
            assert not waiting.done()
        await waiting

    asyncio.run(main())


def test_tidying_up_does_not_wait_for_a_long_build() -> None:
    async def main() -> None:
        rush, loop = Rush(), asyncio.get_running_loop()
        with rush.swap():
            begun = loop.time()
            await rush.over()
            assert loop.time() - begun >= LONGEST

    asyncio.run(main())
