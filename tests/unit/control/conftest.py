"""Where a server's socket is put."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from fakes import short_folder


@pytest.fixture
def tmp_path() -> Iterator[Path]:
    """A short one: the path of a socket holds about a hundred bytes."""
    with short_folder() as folder:
        yield folder


@pytest.fixture
def path(tmp_path: Path) -> Path:
    folder = tmp_path / "own"
    folder.mkdir(mode=0o700)
    return folder / "control.sock"
