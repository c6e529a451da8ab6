"""Services whose saves are left to a driver, each run for real: what it does is asserted as what it is."""

from __future__ import annotations

import os
import signal

import pytest
from drivers import ALL, Driven, answers, lay, saved, web
from kills import gone, kill, supervisors
from seat import started
from waiting import until

from hybrid_tasks.testing.project import Project, get

pytestmark = pytest.mark.timeout(300)


@pytest.mark.parametrize("one", ALL)
def test_a_save_is_left_to_it_and_seen_to_be_live(project: Project, one: Driven, port: int) -> None:
    lay(project, one, port)
    started(project)
    assert get(port) == "one"
    before = web(project)
    assert before["remarks"] == [f"driver {one.title}: does not keep the last good version"]
    for word in ("two", "three"):
        receipt, code = saved(project, one, one.text(word))
        assert (code, receipt["result"], receipt["error"]) == (0, "live", None), receipt
        assert get(port) == word
        assert receipt["note"] == f"left to {one.title}"
        assert receipt["files"] == [f"web/{one.main}"]
        assert [stage["name"] for stage in receipt["stages"]] == ["driver"]
    after = web(project)
    assert after["pid"] == before["pid"], "the driver is the instance, and stays"
    assert after["source"]["live"] is True
    assert project.inv("dev-stop").code == 0
    assert project.survivors() == []


@pytest.mark.parametrize("one", ALL)
def test_a_broken_save_does_what_the_driver_does(project: Project, one: Driven, port: int) -> None:
    """Only air leaves something that serves: it starts the old binary again."""
    lay(project, one, port)
    started(project)
    receipt, code = saved(project, one, one.broken)
    assert (code, receipt["result"]) == (1, "failed")
    assert one.named in receipt["error"]
    assert answers(port) == ("one" if one.serves_broken else "")
    state = web(project)
    assert (state["stale"], state["healthy"]) == (True, one.serves_broken)
    receipt, code = saved(project, one, one.text("two"))
    assert (code, receipt["result"]) == (0, "live")
    assert get(port) == "two"
    state = web(project)
    assert (state["stale"], state["healthy"]) == (False, True)


@pytest.mark.parametrize("one", ALL)
def test_a_save_that_goes_back_is_left_to_it_as_well(project: Project, one: Driven, port: int) -> None:
    """What serves after a failure is not what served before it."""
    lay(project, one, port)
    started(project)
    assert saved(project, one, one.broken)[1] == 1
    receipt, code = saved(project, one, one.text("one"))
    assert (code, receipt["result"]) == (0, "live")
    assert get(port) == "one"


@pytest.mark.parametrize("one", ALL)
def test_nothing_is_left_of_it_when_the_supervisor_is_killed(project: Project, one: Driven, port: int) -> None:
    lay(project, one, port)
    started(project)
    kill(supervisors(project))
    gone(project, 15)
    started(project)
    assert get(port) == "one"


@pytest.mark.parametrize("one", ALL)
def test_a_driver_that_is_killed_is_started_again_and_leaves_no_program(
    project: Project, one: Driven, port: int
) -> None:
    lay(project, one, port)
    started(project)
    before = set(project.survivors())
    driver = web(project)["pid"]
    os.kill(driver, signal.SIGKILL)
    until(lambda: web(project)["pid"] not in {None, driver} and web(project)["healthy"], timeout=60)
    assert get(port) == "one"
    left = before & set(project.survivors()) - set(supervisors(project))
    assert driver not in left
    assert saved(project, one, one.text("two"))[1] == 0
    assert get(port) == "two"
