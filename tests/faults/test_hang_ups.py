"""P7, P8: the terminal is closed under a command: attached services end with it, others go on."""

from __future__ import annotations

import pytest
from kills import gone
from seat import output, plain, services, started, state
from terminals import ended, hang_up, press_ctrl_c, terminal
from waiting import until
from zoos import shape

from hybrid_tasks.testing.project import Project

pytestmark = [pytest.mark.needs("linux"), pytest.mark.timeout(300)]

SLOW = 'command = ["sh", "-c", "until test -e go; do sleep 0.05; done; echo ready; exec sleep 1000"]\nhealth = {log = "^ready$"}\nignore = ["go"]'


def test_p8_a_closed_terminal_stops_the_foreground(project: Project) -> None:
    plain(project, {"polite": shape("polite"), "session": shape("session"), "deaf": shape("deaf", 0.5)})
    for _ in range(5):
        with terminal(project, "dev-start", "--foreground") as child:
            for _ in range(3):
                child.expect(r"\| \S*ready")
            hang_up(child)
            gone(project, 15)
        assert output(project, "session").splitlines()[-2:] == ["main got TERM", "child got TERM"]


def test_p8_a_terminal_closed_while_the_foreground_still_waits(project: Project) -> None:
    plain(project, {"polite": shape("polite"), "slow": SLOW})
    with terminal(project, "dev-start", "--foreground") as child:
        until(lambda: state(project, "polite") == "running")
        hang_up(child)
        gone(project, 15)


def test_p7_a_terminal_closed_under_a_start_that_waits_changes_nothing(project: Project) -> None:
    plain(project, {"polite": shape("polite") + '\nignore = ["go"]', "slow": SLOW})
    with terminal(project, "dev-start") as child:
        until(lambda: state(project, "polite") == "running")
        pid = services(project)["polite"]["pid"]
        hang_up(child)
        until(lambda: not child.isalive())
    assert services(project)["slow"]["state"] == "starting"
    project.write("go", "")
    assert project.inv("dev-wait").code == 0
    assert services(project)["slow"]["state"] == "running"
    assert services(project)["polite"]["pid"] == pid


def test_p7_a_terminal_closed_under_the_log_changes_nothing(project: Project) -> None:
    plain(project, {"polite": shape("polite")})
    started(project)
    pid = services(project)["polite"]["pid"]
    for _ in range(5):
        with terminal(project, "dev-logs", "-f") as child:
            child.expect("ready")
            hang_up(child)
            until(lambda child=child: not child.isalive())
    assert services(project)["polite"]["pid"] == pid


@pytest.mark.parametrize("words", [("dev-start",), ("dev-start", "--foreground")])
def test_bug_the_end_of_a_start_stopped_what_another_had_wanted_meanwhile(
    project: Project, words: tuple[str, ...]
) -> None:
    plain(project, {"slow": SLOW})
    with terminal(project, *words) as child:
        until(lambda: state(project, "slow") == "starting")
        [file] = until(lambda: list((project.root.parent / "state").rglob("state.json")))
        before = file.stat().st_ino
        with terminal(project, "dev-start", "slow") as other:
            other.expect_exact("slow  waiting for its health")
            until(lambda: file.stat().st_ino != before)  # what is wanted is written down once it is
            if "--foreground" in words:
                hang_up(child)
            else:
                press_ctrl_c(child, 1)
            until(lambda: not child.isalive())
            project.write("go", "")
            assert ended(other) == 0, other.before
    assert services(project)["slow"]["state"] == "running"
