"""What the status document says of a service under a debugger."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from hybrid_tasks.model.debugging import Debugging
from hybrid_tasks.model.probe import TcpProbe
from hybrid_tasks.model.service import Service
from hybrid_tasks.model.status import Unit
from hybrid_tasks.supervisor.debugged import Seen
from hybrid_tasks.supervisor.listening import Way
from hybrid_tasks.supervisor.report import _debugger, _standing, _under
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
