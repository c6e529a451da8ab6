"""Where a user of the command line sits."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from desk import Desk, at_a_desk


@pytest.fixture
def desk() -> Iterator[Desk]:
    with at_a_desk() as made:
        yield made
