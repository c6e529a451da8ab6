"""A debug session whose builds take longer than anybody thought of."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from hybrid_tasks.cli.debugging import Session
from hybrid_tasks.control.messages import ask, read_request
from hybrid_tasks.errors import HybridError
from hybrid_tasks.model.events import Event
from hybrid_tasks.model.status import InFlight, Unit
from hybrid_tasks.supervisor import debugging
from hybrid_tasks.supervisor.bus import Bus


def late(monkeypatch: pytest.MonkeyPatch, swap: InFlight | None) -> list[Event]:
    """Wait for a service that does not come back, by a clock that runs faster, and give what is told of it."""
    monkeypatch.setattr(debugging, "BACK", 0.05)
    told = list[Event]()
    state = replace(Unit("web"), wanted=True, swap=swap, rest=None)
    unit: Any = SimpleNamespace(state=state, debugged=True, setting=None, service=SimpleNamespace(name="web"))
    estate: Any = SimpleNamespace(bus=Bus())
    reply: Any = SimpleNamespace(event=told.append)
    asyncio.run(debugging._settled_down(estate, reply, unit))
    return told


def test_bug_a_build_longer_than_a_minute_at_the_end_of_a_session_was_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    [told] = late(monkeypatch, InFlight("build", 0.0))
    assert told.kind == "note"
    assert told.data["text"] == "`web` is still on its way back (build); see `inv dev-status`"


def test_what_does_not_come_back_and_is_not_being_swapped_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(HybridError, match="`web` did not come back within"):
        late(monkeypatch, None)


def test_bug_a_debug_start_had_two_minutes_and_could_not_be_given_more() -> None:
    request = read_request(ask("debug", {"service": "web", "wait": False}, {}, "/").as_json())
    assert dict(request.args) == {"service": "web", "wait": False}


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ({"state": "running", "debugger": None, "swap": None}, "[hybrid] web runs without the debugger\n"),
        ({"state": "stopped", "debugger": None, "swap": None}, "[hybrid] web is stopped\n"),
        ({"state": "building", "debugger": {"port": 1}, "swap": {"stage": "build"}}, ""),
    ],
)
def test_bug_a_service_on_its_way_back_was_called_stopped(
    tmp_path: Any, capsys: pytest.CaptureFixture[str], told: dict[str, Any], said: str
) -> None:
    Session(tmp_path, "web").over({"services": [told]})
    assert capsys.readouterr().out == said
