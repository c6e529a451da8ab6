"""P5: a graceful stop of the whole zoo: everybody is asked first, and only who does not listen is killed."""

from __future__ import annotations

import struct
import time

import pytest
from kills import supervisors
from seat import plain, started
from waiting import until
from zoos import shape

from hybrid_tasks.testing.project import Project

pytestmark = [pytest.mark.needs("linux"), pytest.mark.timeout(300)]

GRACE = 5.0  # for the polite: enough on a busy machine, so that nobody is killed for being slow
POLITE = {"polite": ["main"], "group": ["main", "child"], "family": ["main", "child"], "session": ["main", "child"]}
DEAF = ("deaf", "deaf-session", "storm")
RECORD = struct.Struct("<QIdB")
EXIT = 4


def exit_code(project: Project, service: str) -> int:
    """How the last instance ended, as its shim wrote it down: negative when a signal ended it."""
    [*_, index] = sorted((project.root / ".hybrid" / "logs" / service).glob("*-instance-*.idx"))
    offset, _, _, stream = RECORD.unpack(index.read_bytes()[-RECORD.size :])
    assert stream == EXIT
    return offset - (1 << 32) if offset >= 1 << 31 else offset


def last_output(project: Project, service: str) -> list[str]:
    [*_, log] = sorted((project.root / ".hybrid" / "logs" / service).glob("*-instance-*.log"))
    return log.read_text().splitlines()


@pytest.fixture
def _zoo(project: Project) -> None:
    plain(project, {name: shape(name, GRACE) for name in POLITE} | {name: shape(name, 0.5) for name in DEAF})


@pytest.mark.usefixtures("_zoo")
def test_p5_a_graceful_stop_of_the_zoo(project: Project) -> None:
    seconds = []
    for _ in range(10):
        started(project)
        begun = time.monotonic()
        done = project.inv("dev-stop")
        assert done.code == 0, done.err
        assert project.survivors() == []
        seconds.append(time.monotonic() - begun)
        assert seconds[-1] < GRACE + 2, "the polite need none of their grace"
        for name, members in POLITE.items():
            said = last_output(project, name)
            assert [f"{member} got TERM" for member in members] == sorted(
                (line for line in said if line.endswith("got TERM")), reverse=True
            ), name
            assert exit_code(project, name) == 0, f"{name} was killed"
        assert exit_code(project, "deaf") == -9
        until(lambda: supervisors(project) == [])
    assert min(seconds) < 0.5 + 2, "what the deaf have, and two seconds"


@pytest.mark.usefixtures("_zoo")
def test_p5_a_supervisor_that_is_asked_to_end_stops_all_and_what_was_wanted_comes_back(project: Project) -> None:
    import os
    import signal

    started(project, "polite", "session", "deaf")
    os.kill(supervisors(project)[0], signal.SIGTERM)
    until(lambda: supervisors(project) == [], timeout=30)
    assert project.survivors() == []
    assert last_output(project, "session")[-2:] == ["main got TERM", "child got TERM"]
    done = project.inv("dev-start")
    assert done.code == 0, done.err
    assert "restored" in done.out + done.err
