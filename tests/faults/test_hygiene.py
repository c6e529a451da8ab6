"""Nothing is left behind, however the supervisor, the shims or the services end."""

from __future__ import annotations

import contextlib
import os
import signal
from pathlib import Path

import pytest
from stage import Play, play
from waiting import until

SHAPES = {
    "normal": ["polite"],
    "grandchildren": ["group", "family", "session", "wiped"],
    "deaf": ["deaf", "deaf-session", "storm"],
}
ZOO = [shape for shapes in SHAPES.values() for shape in shapes]


def kill(play: Play) -> None:
    play.process.kill()


def control_c(play: Play) -> None:
    play.press(b"\x03")


def terminate(play: Play) -> None:
    play.process.terminate()


def hang_up(play: Play) -> None:
    play.hang_up()


@pytest.mark.parametrize("shapes", SHAPES.values(), ids=SHAPES.keys())
@pytest.mark.parametrize("end", [kill, control_c, terminate, hang_up])
def test_whatever_ends_the_supervisor_nothing_is_left(end, shapes: list[str], tmp_path: Path) -> None:
    with play(tmp_path, *shapes, grace=0.5, terminal=True) as one:
        one.ready()
        assert len(one.survivors()) >= len(shapes)
        end(one)
        if end is not kill:
            exits = one.exits(len(shapes))
            assert {name: told["killed"] for name, told in exits.items()} == {
                name: name in SHAPES["deaf"] for name in shapes
            }
            one.hear(lambda: one.of("closed"))
            assert one.process.wait(60) == 0
            assert one.survivors() == set()
        else:
            until(lambda: not one.survivors(), timeout=60)


def test_killed_supervisor_lets_services_end_gracefully(tmp_path: Path) -> None:
    with play(tmp_path, "polite", "session") as one:
        one.ready()
        one.process.kill()
        until(lambda: not one.survivors(), timeout=60)
        # The shims write down the last words once everybody is gone.
        until(lambda: "main got TERM" in one.output("polite"), timeout=60)
        until(lambda: {"main got TERM", "child got TERM"} <= set(one.output("session")), timeout=60)


def test_graceful_stop_asks_before_it_kills(tmp_path: Path) -> None:
    well_behaved = [shape for shape in ZOO if shape not in SHAPES["deaf"]]
    with play(tmp_path, *ZOO, grace=3) as one:
        one.ready()
        one.process.terminate()
        exits = one.exits(len(ZOO))
        assert one.process.wait(60) == 0
        assert one.survivors() == set()
        for shape in well_behaved:
            assert exits[shape]["code"] == 0, shape
            assert not exits[shape]["killed"], shape
            assert one.output(shape).count("main got TERM") == 1, shape
        assert "child got TERM" in one.output("session")
        assert "child got TERM" in one.output("group")
        assert "ghost got TERM" in one.output("wiped")
        assert exits["deaf"]["code"] == -signal.SIGKILL


def test_a_group_is_asked_once_only(tmp_path: Path) -> None:
    with play(tmp_path, "slow", grace=30) as one:
        one.ready()
        one.process.terminate()
        exits = one.exits(1)
        assert one.output("slow").count("child got TERM") == 1
        assert exits["slow"] == {"name": "slow", "code": 0, "killed": False, "leftovers": 0}


@pytest.mark.parametrize("round_", range(5))
def test_all_shims_killed_at_once(round_: int, tmp_path: Path) -> None:
    with play(tmp_path, *ZOO) as one:
        for shim in one.ready()["shims"]:
            os.kill(shim, signal.SIGKILL)
        exits = one.exits(len(ZOO))
        assert {told["code"] for told in exits.values()} == {-signal.SIGKILL}
        assert one.survivors() == set()
        one.process.terminate()
        one.hear(lambda: one.of("closed"))


@pytest.mark.parametrize("round_", range(3))
def test_template_and_all_shims_killed_at_once(round_: int, tmp_path: Path) -> None:
    with play(tmp_path, *ZOO) as one:
        ready = one.ready()
        for pid in (ready["template"], *ready["shims"]):
            os.kill(pid, signal.SIGKILL)
        exits = one.exits(len(ZOO))
        assert {told["code"] for told in exits.values()} == {-signal.SIGKILL}
        assert one.survivors() == set()
        until(lambda: not zombies(one.process.pid), timeout=30)
        one.process.terminate()
        one.hear(lambda: one.of("closed"))


@pytest.mark.parametrize("round_", range(3))
def test_supervisor_and_all_shims_killed_at_once_can_be_swept(round_: int, tmp_path: Path) -> None:
    import asyncio

    from hybrid_tasks.process.identity import marked
    from hybrid_tasks.process.stopping import end_all

    with play(tmp_path, "polite", "group", "session", "deaf", "deaf-session", "storm") as one:
        ready = one.ready()
        for pid in (one.process.pid, ready["template"], *ready["shims"]):
            os.kill(pid, signal.SIGKILL)
        # The programs themselves die with their shims; what they have started waits for the next command.
        until(lambda: not set(ready["jobs"].values()) & one.survivors(), timeout=60)
        assert one.survivors()

        async def sweep() -> None:
            while found := marked(one.project):
                await end_all([identity for identity, _ in found], 0.2)

        asyncio.run(sweep())
        assert one.survivors() == set()


def test_killed_template_harms_no_running_service(tmp_path: Path) -> None:
    with play(tmp_path, "polite", "session") as one:
        ready = one.ready()
        before = one.survivors()
        os.kill(ready["template"], signal.SIGKILL)
        until(lambda: not Path(f"/proc/{ready['template']}/fd/0").exists(), timeout=30)
        assert one.survivors() == before
        one.process.terminate()
        exits = one.exits(2)
        assert [told["code"] for told in exits.values()] == [0, 0]
        one.hear(lambda: one.of("closed"))
        assert one.survivors() == set()


def test_a_storm_of_signals_stops_once(tmp_path: Path) -> None:
    with play(tmp_path, "polite", "family") as one:
        one.ready()
        for number in [signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGTERM] * 50:
            with contextlib.suppress(ProcessLookupError):
                one.process.send_signal(number)
        exits = one.exits(2)
        assert one.process.wait(60) == 0
        assert [told["code"] for told in exits.values()] == [0, 0]
        assert one.output("polite").count("main got TERM") == 1


def test_death_is_told_though_a_grandchild_keeps_the_pipes_open(tmp_path: Path) -> None:
    with play(tmp_path, "leaver", grace=0.5) as one:
        exits = one.exits(1)
        assert exits["leaver"] == {"name": "leaver", "code": 7, "killed": True, "leftovers": 1}
        until(lambda: not one.survivors(), timeout=30)


def zombies(parent: int) -> list[int]:
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            fields = (entry / "stat").read_text().rsplit(")", 1)[1].split()
            if fields[0] == "Z" and int(fields[1]) == parent:
                found.append(int(entry.name))
    return found
