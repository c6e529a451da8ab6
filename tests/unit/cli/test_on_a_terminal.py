"""What a person sees: the same tasks on a terminal of their own."""

from __future__ import annotations

import asyncio
import re
import threading

import pexpect
import pytest
from answers import HEALTHY, LIVE, receipt, service
from desk import Desk, ended
from fakes import canned

from hybrid_tasks.control.messages import Request
from hybrid_tasks.control.server import Reply
from hybrid_tasks.model.events import Event

SGR = re.compile(r"\x1b\[[0-9;]*m")


def test_a_start_is_a_live_block_and_ends_with_the_address(desk: Desk) -> None:
    seen = threading.Event()

    async def start(_request: Request, reply: Reply) -> None:
        reply.event(Event("stage", 0.0, "web", {"stage": "build"}))
        await asyncio.get_running_loop().run_in_executor(None, seen.wait, 30)
        reply.result({"services": [HEALTHY], "receipts": [LIVE]})

    with desk.supervised({"start": start}), desk.terminal("dev-start") as child:
        child.expect("web")
        child.expect("building")
        child.expect(r"\x1b\[1A\x1b\[J")  # redrawn by the clock alone
        seen.set()
        child.expect_exact("http://127.0.0.1:8000")
        child.expect("healthy")
        assert ended(child) == 0


def test_ci_and_a_dumb_terminal_get_lines(desk: Desk) -> None:
    answer = canned({"services": [HEALTHY], "receipts": [LIVE]}, 0, Event("note", 0.0, None, {"text": "web: a note"}))
    for env in ({"CI": "true"}, {"TERM": "dumb"}):
        with desk.supervised({"start": answer}), desk.terminal("dev-start", env=env) as child:
            child.expect_exact("web: a note\r\n")
            assert ended(child) == 0


def test_colours_are_for_terminals_and_not_with_no_color(desk: Desk) -> None:
    with desk.supervised({"status": canned({"services": [HEALTHY]})}):
        with desk.terminal("dev-status") as coloured:
            coloured.expect_exact("\x1b[32mrunning\x1b[0m")
            assert ended(coloured) == 0
        with desk.terminal("dev-status", env={"NO_COLOR": "1"}) as plain:
            plain.expect(pexpect.EOF)
            assert "\x1b[" not in plain.before
        assert "\x1b[" not in desk.run("dev-status").stdout
        assert "\x1b[32m" in desk.run("dev-status", env={"FORCE_COLOR": "1"}).stdout


@pytest.mark.parametrize("columns", [40, 80, 200])
def test_the_table_fits_the_terminal(desk: Desk, columns: int) -> None:
    long = {**HEALTHY, "runtime": "native", "cpu": 1.0, "memory": 1e6, "restarts": 2, "source": {"live": True}}
    with (
        desk.supervised({"status": canned({"services": [long, {**long, "name": "a-rather-long-name-of-a-service"}]})}),
        desk.terminal("dev-status", size=(20, columns)) as child,
    ):
        child.expect(pexpect.EOF)
        lines = SGR.sub("", child.before).splitlines()
    assert max(map(len, lines)) <= columns
    assert ("RESTARTS" in lines[0]) == (columns == 200)


@pytest.mark.parametrize("columns", [62, 56])
def test_bug_a_narrow_terminal_did_not_say_what_is_stale(desk: Desk, columns: int) -> None:
    statuses = [service("web", last_receipt=receipt("web")), service("api", stale=True, restarts=2)]
    with (
        desk.supervised({"status": canned({"services": statuses})}),
        desk.terminal("dev-status", size=(20, columns), env={"NO_COLOR": "1"}) as child,
    ):
        child.expect(pexpect.EOF)
        titles, *rows = child.before.splitlines()[:3]
    assert titles.split()[-1] == "SOURCE"
    assert [row.split()[-1] for row in rows] == ["live", "stale"]
    assert (":8000" in rows[0], "http" in rows[0]) == (True, False)


def test_ctrl_c_while_starting_cancels_the_start_and_is_130(desk: Desk) -> None:
    hurried = threading.Event()

    async def start(_request: Request, reply: Reply) -> None:
        reply.event(Event("stage", 0.0, "web", {"stage": "build"}))
        await reply.cancelled.wait()
        reply.event(Event("stage", 0.0, "web", {"stage": "retire"}))
        await reply.hurried.wait()
        hurried.set()
        reply.result({}, 130)

    with desk.supervised({"start": start}) as fake, desk.terminal("dev-start") as child:
        child.expect("building")
        child.sendintr()
        child.expect_exact("stopping (Ctrl+C again: at once)")
        child.sendintr()
        child.expect_exact("killing")
        assert ended(child) == 130
        assert "Traceback" not in child.before
        assert hurried.wait(30)
        assert [request.op for request in fake.requests] == ["start"]


def test_ctrl_c_again_and_again_waits_for_nobody(desk: Desk) -> None:
    async def start(_request: Request, reply: Reply) -> None:
        reply.event(Event("stage", 0.0, "web", {"stage": "build"}))
        await reply.closed.wait()

    with desk.supervised({"start": start}), desk.terminal("dev-start") as child:
        child.expect("building")
        for told in ("stopping (Ctrl+C again: at once)", "killing", "interrupted\r\n"):
            child.sendintr()
            child.expect_exact(told)
        assert ended(child) == 130
        assert "Traceback" not in child.before


@pytest.mark.parametrize(
    ("answer", "removed"), [("y", True), ("YES", True), ("n", False), ("", False), ("maybe", False)]
)
def test_clean_asks(desk: Desk, answer: str, removed: bool) -> None:
    listed = {"paths": [{"path": "/x/y", "bytes": 10}], "commands": []}
    with desk.supervised({"clean": canned(listed)}) as fake, desk.terminal("dev-clean") as child:
        child.expect_exact("10 bytes  /x/y")
        child.expect_exact("remove all of this? [y/N] ")
        child.sendline(answer)
        assert ended(child) == 0
        assert [args["apply"] for args in fake.asked("clean")] == ([False, True] if removed else [False])


def test_clean_takes_ctrl_c_and_the_end_of_input_for_a_no(desk: Desk) -> None:
    listed = {"paths": [{"path": "/x/y", "bytes": 10}], "commands": []}
    for key, code in (("\x03", 130), ("\x04", 0)):
        with desk.supervised({"clean": canned(listed)}) as fake, desk.terminal("dev-clean") as child:
            child.expect_exact("[y/N] ")
            child.send(key)
            assert ended(child) == code
            assert [args["apply"] for args in fake.asked("clean")] == [False]
