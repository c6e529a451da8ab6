"""Services whose saves are left to a driver, each run for real: what it does is asserted as what it is."""

from __future__ import annotations

import os
import signal

import pytest
from drivers import ALL, Driven, answers, lay, saved, web
from kills import gone, kill, supervisors
from seat import reloaded, started
from waiting import until

from hybrid_tasks.process.identity import descendants, identify, same
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
    left = "what its driver left still answers" if one.serves_broken else "nothing answers"
    told = project.inv("dev-wait", "--reload")
    assert f"web: failed in driver, web/{one.main} saved; {left}" in told.out + told.err
    assert f"save failed, {left}: " in project.inv("dev-logs", "web").out
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
    driver = web(project)["pid"]
    started_by_it = {pid: identify(pid) for pid in descendants(driver)}
    assert started_by_it
    os.kill(driver, signal.SIGKILL)
    until(lambda: web(project)["pid"] not in {None, driver} and web(project)["healthy"], timeout=60)
    assert get(port) == "one"
    assert [pid for pid, identity in started_by_it.items() if identity and same(identity)] == []
    assert saved(project, one, one.text("two"))[1] == 0
    assert get(port) == "two"


WORKER = """
import pathlib, time
pathlib.Path("WORD").touch()
while True:
    time.sleep(0.1)
"""


def test_a_worker_without_a_port_is_live_once_it_has_come_up_anew(project: Project) -> None:
    project.write(
        "hybrid.toml",
        '[services.web]\nstack = "python"\ndir = "web"\n[services.web.python]\nscript = "main.py"\ndriver = "watchdog"\n',
    )
    file = project.write("web/main.py", WORKER.replace("WORD", "one"))
    started(project)
    before = descendants(web(project)["pid"])
    file.write_text(WORKER.replace("WORD", "two"))
    told, code = reloaded(project)
    assert (code, told["receipts"][0]["note"]) == (0, "left to watchdog")
    assert (project.root / "web" / "two").exists()
    assert before.isdisjoint(descendants(web(project)["pid"]))
    file.write_text("raise SystemExit('no')")
    told, code = reloaded(project)
    assert code == 1
    assert "no" in told["receipts"][0]["error"]


@pytest.mark.parametrize("one", ALL)
def test_a_start_with_broken_source_fails_at_once_and_begins_with_the_next_save(
    project: Project, one: Driven, port: int
) -> None:
    """It is not waited for until the start period is over: the driver has said that it failed, or its program ended."""
    lay(project, one, port)
    text = (project.root / "hybrid.toml").read_text().replace("start_period = 20", "start_period = 600")
    project.write("hybrid.toml", text)
    project.write(f"web/{one.main}", one.broken)
    done = project.inv("dev-start", timeout=90)
    assert done.code == 1
    assert one.named in done.out + done.err
    assert "goroutine" not in done.out + done.err, "what the driver does is not what is wrong"
    receipt, code = saved(project, one, one.text("one"))
    assert (code, receipt["result"]) == (0, "live")
    assert get(port) == "one"
