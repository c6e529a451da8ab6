"""The words of the errors, whole, as a terminal shows them; `HYBRID_GOLDEN=write` writes them anew."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

GOLDEN = Path(__file__).parents[2] / "golden/config"

FILES = {
    "everything_wrong": (GOLDEN / "everything_wrong.toml").read_text(),
    "syntax": "[services.api]\nport: 8080\n",
    "empty": "",
    "twice": '[services.api]\ncommand = "x"\nport = 1\nport = 2\n',
    "circle": "".join(f"[services.{a}]\ncommand = 'x'\nneeds = ['{b}']\n" for a, b in ["ab", "bc", "ca"]),
    "nothing_detected": '[services.x]\ndir = "services/empty"\n[services.y]\ndir = "services/both"\n',
    "not_installed": '[services.x]\nstack = "elixir"\nruntime = "compose"\n[services.x.elixir]\nmix = "phx.server"\n',
}


@pytest.mark.parametrize("name", FILES)
def test_words(name, refused):
    told = "\n".join(line for mistake in refused(FILES[name]) for line in mistake.lines()) + "\n"
    file = GOLDEN / f"{name}.txt"
    if os.environ.get("HYBRID_GOLDEN") == "write":
        file.write_text(told)
    assert told == file.read_text()


def test_no_golden_is_left_over():
    assert {file.stem for file in GOLDEN.glob("*.txt")} == set(FILES)
