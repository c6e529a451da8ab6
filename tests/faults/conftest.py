"""What the tests of this folder share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from logreaders import readers
from seat import port, project
from watched import Watched

__all__ = ["port", "project", "readers"]


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[Watched]:
    """A small tree and an observer that watches it."""
    root = tmp_path.resolve() / "api"
    (root / "pkg").mkdir(parents=True)
    (root / "main.go").write_text("zero")
    (root / "pkg/a.go").write_text("zero")
    found = Watched(root)
    yield found
    found.observer.close()
