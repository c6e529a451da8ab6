"""Writing down what is wanted, beside everything else: the disk may take longer than the start of a service."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from hybrid_tasks.journal import state as statefile
from hybrid_tasks.journal.state import State


class Memory:
    """Keeps the state file; of what is to be written while it writes only the last.

    Args:
        file: the state file.
    """

    def __init__(self, file: Path) -> None:
        self.trouble: str | None = None
        """Why what is wanted now is not written down; None when it is."""
        self._file = file
        self._thread = ThreadPoolExecutor(1, "state")  # never behind a hook that takes its time
        self._next: State | None = None
        self._writing: asyncio.Task[None] | None = None

    def keep(self, state: State) -> None:
        """Have a state written."""
        self._next = state
        if self._writing is None or self._writing.done():
            self._writing = asyncio.ensure_future(self._write())

    async def kept(self) -> None:
        """Wait until it is on the disk, or cannot be; before that nobody is told that it was done."""
        if self._writing is not None:
            await asyncio.shield(self._writing)

    async def _write(self) -> None:
        while self._next is not None:
            state, self._next = self._next, None
            try:
                await asyncio.get_running_loop().run_in_executor(self._thread, statefile.write, self._file, state)
            except OSError as error:
                self.trouble = f"cannot write `{self._file}`: {error.strerror}; what runs will not be restored"
            else:
                self.trouble = None
