"""What the status document says of a service under a debugger."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from hybrid_tasks.model.debugging import Debugging
from hybrid_tasks.model.probe import TcpProbe
from hybrid_tasks.model.receipt import Receipt, Result
from hybrid_tasks.model.service import Service
from hybrid_tasks.model.status import Crashed, InFlight, Instance, Unit
from hybrid_tasks.model.verdict import Healthy
from hybrid_tasks.supervisor.debugged import Seen
from hybrid_tasks.supervisor.listening import Way
from hybrid_tasks.supervisor.report import _debugger, _standing, _under, detail
from hybrid_tasks.supervisor.setting import Setting

HELD = Seen(stopped=True, attached=False, listening=True)
AT_A_BREAKPOINT = Seen(stopped=True, attached=True, listening=True)


@pytest.mark.parametrize("adapter", ["dlv", "gdbserver"])
def test_bug_a_program_that_waits_for_its_first_client_was_called_paused(adapter: str) -> None:
    def told(seen: Seen, *, wait: bool) -> tuple[object, object]:
        debugging = Debugging(20000, wait, adapter)
        return _debugger(debugging, seen)["paused"], _standing(Unit("web"), None, (debugging, seen))["detail"]

    assert told(HELD, wait=True) == (False, "")
    assert told(AT_A_BREAKPOINT, wait=True) == (True, "paused in the debugger")
    assert told(AT_A_BREAKPOINT, wait=False) == (True, "paused in the debugger")
    assert told(HELD, wait=False) == (True, "paused in the debugger"), "whoever stopped it has gone"


def test_bug_the_status_of_a_service_that_ended_meanwhile_raised(tmp_path: Path) -> None:
    setting = Setting(Service("web", tmp_path), TcpProbe(), Way(debugging=Debugging(20000)))

    class Ending:
        """A unit as a thread sees it while the loop ends its instance after the first look."""

        job = None
        looks = 0

        @property
        def setting(self) -> Setting | None:
            self.looks += 1
            return setting if self.looks == 1 else None

    unit: Any = Ending()
    assert _under(unit) is None
    assert unit.looks == 1


FAILED = Receipt("r1", "web", "save", Result.FAILED, "beside", "f2", 1.0, error="web/app.py:3: no")


@pytest.mark.parametrize(
    ("stage", "note", "said"),
    [
        ("probe", "", "a new version is on trial, its health is waited for"),
        ("probe", "GET / answered 500", "a new version is on trial: GET / answered 500"),
        ("build", "waiting for cargo's lock", "waiting for cargo's lock"),
        ("build", "", "the last save failed: web/app.py:3: no"),
    ],
)
def test_bug_the_error_of_an_earlier_save_was_told_of_a_version_on_trial(stage: str, note: str, said: str) -> None:
    serving = Instance("run1", 1, 1.0, "f1", "beside")
    assert detail(Unit("web", True, serving, Healthy(), InFlight(stage, 2.0, note), None, FAILED)) == said


def test_bug_a_crashed_service_waited_for_a_change_while_that_was_on_trial() -> None:
    crashed = Crashed(1, ("web/app.py:3: no",), "waits for a change")
    unit = Unit("web", wanted=True, rest=crashed, last_receipt=FAILED)
    assert detail(unit) == "web/app.py:3: no; waits for a change"
    assert detail(replace(unit, swap=InFlight("probe", 2.0))) == ""
    assert detail(replace(unit, swap=InFlight("probe", 2.0, "GET / answered 500"))) == "GET / answered 500"
