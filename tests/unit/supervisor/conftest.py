"""A project that is loaded with the real plugins."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from hybrid_tasks.supervisor.loaded import Loaded, load


@pytest.fixture
def shop(tmp_path: Path) -> Callable[[str], Loaded]:
    """Write a `hybrid.toml` and load it."""

    def do(text: str) -> Loaded:
        (tmp_path / "hybrid.toml").write_text(text)
        return load(tmp_path, {})

    return do
