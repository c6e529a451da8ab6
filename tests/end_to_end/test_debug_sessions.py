"""A debug session among what else happens meanwhile: saves that come in between, other drivers, other wishes."""

from __future__ import annotations

import pytest
from attaching import GO, debugging, laid
from drivers import EVERY as DRIVERS
from holding import Held
from seat import services, started

from hybrid_tasks.testing.project import Project, get

pytestmark = [pytest.mark.needs("linux"), pytest.mark.timeout(300)]


@pytest.mark.needs("go", "air", "dlv")
@pytest.mark.parametrize("undone", [False, True], ids=["saved", "undone"])
def test_bug_a_save_while_a_driver_makes_way_for_the_debugger_lost_the_debugger(
    project: Project, port: int, undone: bool
) -> None:
    file = laid(project, GO, port, DRIVERS["air"].options)
    before, held = file.read_text(), Held(project)
    started(project)
    held.hold()
    with debugging(project, "web", "--debugger") as task:
        held.builds()
        held.save(file, GO.language.text("one"), 1)
        if undone:
            held.builds()
            held.save(file, before, 2)
        held.let_go()
        debugger = task.ready()
        told = services(project)["web"]
        assert told["debugger"] is not None
        assert told["debugger"]["port"] == debugger
        assert get(port) == ("zero" if undone else "one")
        assert task.ctrl_c() == 130
    assert services(project)["web"]["debugger"] is None
