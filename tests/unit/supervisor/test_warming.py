"""A warm parent that cannot be made."""

from __future__ import annotations

import asyncio
import errno
import os
from types import SimpleNamespace
from typing import Any, cast

import pytest

from hybrid_tasks.process.jobs import Cold
from hybrid_tasks.supervisor.site import Site
from hybrid_tasks.supervisor.warming import parent_of


def test_bug_a_parent_for_which_no_descriptor_was_left_was_being_started_for_ever() -> None:
    async def full(_spec: Any) -> None:
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))

    async def play() -> None:
        site = SimpleNamespace(warming=asyncio.Lock(), jobs=SimpleNamespace(start_warm=full))
        with pytest.raises(Cold, match="Too many open files"):
            await parent_of(cast("Any", None), cast("Site", site))

    asyncio.run(play())
