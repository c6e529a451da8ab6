"""Whether swaps are under way, so that what only tidies up keeps out of their way."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, suppress

LONGEST = 0.25
"""Seconds that tidying up waits at most: a build may take minutes."""


class Rush:
    """The swaps that are under way in a project."""

    def __init__(self) -> None:
        self._count = 0
        self._over = asyncio.Event()
        self._over.set()

    @contextmanager
    def swap(self) -> Iterator[None]:
        """Let tidying up wait meanwhile."""
        self._count += 1
        self._over.clear()
        try:
            yield
        finally:
            self._count -= 1
            if not self._count:
                self._over.set()

    async def over(self) -> None:
        """Wait until no swap is under way any more, but not for long."""
        with suppress(TimeoutError):
            async with asyncio.timeout(LONGEST):
                await self._over.wait()
