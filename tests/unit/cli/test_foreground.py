"""`inv dev-start --foreground`: attached to the terminal, and everything ends with it."""

from __future__ import annotations

import signal
import threading
from pathlib import Path

import pexpect
import pytest
from answers import HEALTHY, LIVE
from desk import Desk, ended

from hybrid_tasks.control.messages import Request
from hybrid_tasks.control.server import Reply


class Foreground:
    """A supervisor that stays attached until its client goes, and writes a log meanwhile."""

    def __init__(self, desk: Desk) -> None:
        self.gone = threading.Event()
        self.stopping = threading.Event()
        self.stops: list[bool] = []
        self.hang = False
        self.log = desk.root / ".hybrid" / "logs"

    async def start(self, _request: Request, reply: Reply) -> None:
        reply.result({"services": [HEALTHY], "receipts": [LIVE]})
        await reply.closed.wait()
        self.gone.set()

    async def stop(self, request: Request, reply: Reply) -> None:
        self.stops.append(request.args["kill"])
        self.stopping.set()
        if self.hang and not request.args["kill"]:
            await reply.closed.wait()
        reply.result({"services": []})


def test_p8_ctrl_c_in_the_foreground_stops_everything(desk: Desk) -> None:
    fake = Foreground(desk)
    with (
        desk.supervised({"start": fake.start, "stop": fake.stop}) as supervisor,
        desk.terminal("dev-start", "--foreground") as child,
    ):
        child.expect("healthy")
        assert supervisor.asked("start")[0]["attached"] is True
        child.sendintr()
        child.expect_exact("stopping (Ctrl+C again: at once)")
        assert ended(child) == 130
        assert "Traceback" not in child.before
    assert fake.stops == [False]
    assert fake.gone.is_set()


def test_p8_ctrl_c_twice_in_the_foreground_kills(desk: Desk) -> None:
    fake = Foreground(desk)
    fake.hang = True
    with desk.supervised({"start": fake.start, "stop": fake.stop}), desk.terminal("dev-start", "--foreground") as child:
        child.expect("healthy")
        child.sendintr()
        assert fake.stopping.wait(30)
        child.sendintr()
        child.expect_exact("killing")
        assert ended(child) == 130
    assert fake.stops == [False, True]


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGTERM, signal.SIGKILL])
def test_p7_a_closed_terminal_is_heard_by_the_supervisor(desk: Desk, number: signal.Signals) -> None:
    fake = Foreground(desk)
    with desk.supervised({"start": fake.start, "stop": fake.stop}), desk.terminal("dev-start", "--foreground") as child:
        child.expect("healthy")
        child.kill(number)
        assert fake.gone.wait(30)
        child.expect(pexpect.EOF)


def test_the_foreground_ends_when_somebody_else_stops_the_services(desk: Desk) -> None:
    async def start(_request: Request, reply: Reply) -> None:
        reply.result({"services": [HEALTHY], "receipts": [LIVE]})

    with desk.supervised({"start": start}), desk.terminal("dev-start", "--foreground") as child:
        assert ended(child) == 0


def test_the_foreground_shows_the_log(desk: Desk) -> None:
    fake = Foreground(desk)
    with desk.supervised({"start": fake.start, "stop": fake.stop}), desk.terminal("dev-start", "--foreground") as child:
        child.expect("healthy")
        folder = fake.log / "web"
        folder.mkdir(parents=True)
        write_log(folder, b"hello from web\n")
        child.expect("hello from web")
        child.sendintr()
        assert ended(child) == 130


def write_log(folder: Path, data: bytes) -> None:
    """A log as the shim writes it: raw bytes, and an index of what came when."""
    import struct
    import time

    name = f"{time.strftime('%Y%m%dT%H%M%S', time.gmtime())}.000000-instance-000000000000.log"
    (folder / name).write_bytes(data)
    (folder / name).with_suffix(".idx").write_bytes(b"HYBLOG1\n" + struct.pack("<QIdB", 0, len(data), time.time(), 1))
