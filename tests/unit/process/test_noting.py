"""A process that cannot be noted is not started."""

from __future__ import annotations

import asyncio
import errno
import os
from pathlib import Path

import pytest
from jobbing import PROJECT, spec

from hybrid_tasks.process.identity import marked
from hybrid_tasks.process.jobs import Jobs, StartFailed


def test_bug_a_full_disk_was_a_surprise_instead_of_a_failed_start(tmp_path: Path) -> None:
    def full(_run: str) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    async def main() -> None:
        jobs = Jobs(PROJECT, note=full)
        try:
            async with asyncio.timeout(60):
                with pytest.raises(StartFailed, match="No space left"):
                    await jobs.start(spec(tmp_path, "sleep", "100"))
                assert marked(PROJECT) == []
        finally:
            await jobs.close()

    asyncio.run(main())
