"""`inv dev-env`: every format, and no secret unless it is asked for."""

from __future__ import annotations

import json

import pytest
from desk import Desk, golden
from fakes import canned

VARIABLES = {
    "variables": [
        {"name": "PORT", "value": "8000", "source": "hybrid.toml:5", "secret": False},
        {"name": "DB_PASSWORD", "value": "hunter2", "source": ".env:1", "secret": True},
        {"name": "DB_URL", "value": "postgres://me:hunter2@localhost/db", "source": ".env:2", "secret": True},
        {"name": "GREETING", "value": "it's $5", "source": ".env:3", "secret": False},
    ]
}


@pytest.mark.parametrize(
    "words",
    [["web"], ["web", "--explain"], ["--format", "shell", "web"], ["web", "--json"]],
    ids=["dotenv", "explain", "shell", "json"],
)
def test_sec_17_an_environment_is_printed_with_its_secrets_masked(
    desk: Desk, words: list[str], request: pytest.FixtureRequest
) -> None:
    with desk.supervised({"env": canned(VARIABLES)}) as fake:
        done = desk.run("dev-env", *words)
    golden(f"env-{request.node.callspec.id}", done.stdout)
    assert "hunter2" not in done.stdout + done.stderr
    assert fake.asked("env") == [{"service": "web"}]


def test_secrets_are_printed_when_asked_for(desk: Desk) -> None:
    with desk.supervised({"env": canned(VARIABLES)}):
        assert json.loads(desk.run("dev-env", "web", "--json", "--show-secrets").stdout)["DB_PASSWORD"] == "hunter2"
