"""What an instance is given that the one before it was not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from hybrid_tasks.model.probe import AliveProbe, Pace
from hybrid_tasks.model.service import Listen, Origin, Service
from hybrid_tasks.supervisor.listening import Way
from hybrid_tasks.supervisor.news import news
from hybrid_tasks.supervisor.recording import noted
from hybrid_tasks.supervisor.setting import Given, Setting

WEB = Service("web", Path("/shop/web"), port=8000, origin=Origin(Path("/shop/hybrid.toml"), 3))
GIVEN = Given({"PATH": "/bin", "DEBUG": "1", "TOKEN": "t0p"}, {"DEBUG": ".env", "TOKEN": ".env"})
ONE = Setting(WEB, AliveProbe(), Way(Listen.OWN), GIVEN)


def given(**changes: str) -> Setting:
    places = GIVEN.places | {name: "web.env" for name in changes if name.isupper() and name not in GIVEN.values}
    return replace(ONE, given=Given({**GIVEN.values, **changes}, places))


@pytest.mark.parametrize(
    ("now", "told"),
    [
        (ONE, ""),
        (given(PATH="/usr/bin"), ""),
        (given(DEBUG="2"), ".env changed (DEBUG)"),
        (given(DEBUG="2", EXTRA="1"), ".env changed (DEBUG), web.env changed (EXTRA)"),
        (replace(ONE, given=Given({"DEBUG": "1"}, {"DEBUG": ".env"})), ".env changed (TOKEN)"),
        (replace(ONE, service=replace(WEB, port=1, args=("-v",))), "hybrid.toml changed (args, port)"),
        (
            replace(ONE, service=replace(WEB, directory=Path("/"), pace=Pace(1), health=AliveProbe(), options=1)),
            "hybrid.toml changed (dir, health, stack)",
        ),
        (replace(ONE, service=replace(WEB, origin=Origin(Path("/x"), 9), env={"A": "1"})), ""),
        (replace(ONE, service=replace(WEB, apart=(Path("/x"),), evidence="main.py")), ""),
        (replace(ONE, service=replace(WEB, port=1, origin=None)), "configuration changed (port)"),
        (given(**dict.fromkeys("ABCDEFG", "1")), "web.env changed (A, B, C, D, E and 2 more)"),
        (replace(ONE, program="/usr/bin/python3.12"), ""),
        (None, ""),
    ],
)
def test_names_without_values_by_where_they_come_from(now: Setting | None, told: str) -> None:
    assert news(ONE, now) == told
    assert news(None, now) == "", "the first of all"


@pytest.mark.parametrize(
    ("note", "told", "built", "together"),
    [
        ("", "", True, ""),
        ("warm", "", False, "warm"),
        ("", ".env changed (A)", True, "full rebuild: .env changed (A)"),
        ("", ".env changed (A)", False, "restarted: .env changed (A)"),
        ("full rebuild: go.mod changed", ".env changed (A)", True, "full rebuild: go.mod changed, .env changed (A)"),
        ("full rebuild: uv.lock changed", ".env changed (A)", False, "full rebuild: uv.lock changed, .env changed (A)"),
        ("waited for git", ".env changed (A)", True, "waited for git; full rebuild: .env changed (A)"),
    ],
)
def test_it_is_added_to_what_is_said_already(note: str, told: str, built: bool, together: str) -> None:
    assert noted(note, told, built=built) == together
