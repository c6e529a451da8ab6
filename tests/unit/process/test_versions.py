"""Programs that are asked for their version."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from hybrid_tasks.process.versions import Said, ask


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("echo; echo ' 1.2 '; echo more", Said(0, "1.2")),
        ("echo 1.3 >&2; exit 3", Said(3, "1.3")),
        ("echo 1.4; sleep 600 & sleep 600", Said(None, "1.4")),
    ],
)
@pytest.mark.timeout(120)
def test_the_first_line_and_how_it_ended(script: str, said: Said) -> None:
    assert ask(("/bin/sh", "-c", script), {"PATH": os.defpath}, 3 if said.code is None else 60) == said


def test_what_cannot_be_executed(tmp_path: Path) -> None:
    assert ask((str(tmp_path / "gone"), "-V"), {}, 1) == Said(126, "")
