from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from fakes import FakeSupervisor, canned, refusing, short_folder
from waiting import until

from hybrid_tasks.control import client, codec, paths
from hybrid_tasks.control.client import call, reach
from hybrid_tasks.control.messages import Request, ask
from hybrid_tasks.control.once import consult
from hybrid_tasks.control.server import Reply
from hybrid_tasks.errors import Code, HybridError, Mistakes, NotRunning, WrongInput
from hybrid_tasks.model.events import Event


@pytest.fixture
def place() -> Iterator[tuple[Path, dict[str, str]]]:
    with short_folder() as folder:
        root = folder / "project"
        root.mkdir()
        yield root, {"HOME": str(folder), "XDG_STATE_HOME": str(folder / "state"), "PATH": os.environ["PATH"]}


Place = tuple[Path, dict[str, str]]


def test_a_call_gets_events_result_and_code(place: Place) -> None:
    root, environ = place
    events: list[Event] = []
    first = Event("stage", 1.5, "web", {"stage": "build"})
    with FakeSupervisor(root, environ, {"start": canned({"services": []}, 1, first)}) as fake:
        assert call(root, "start", {"services": ["web"]}, on_event=events.append, environ=environ) == (
            {"services": []},
            1,
        )
    assert events == [first]
    assert fake.requests[0].env == environ
    assert fake.requests[0].cwd == str(Path.cwd())


def test_what_only_looks_sends_no_environment(place: Place) -> None:
    root, environ = place
    with FakeSupervisor(root, environ, {"status": canned({})}) as fake:
        call(root, "status", {}, environ=environ)
    assert fake.requests[0].env is None


def test_without_a_supervisor_it_is_not_running(place: Place) -> None:
    root, environ = place
    assert reach(root, environ) is None
    with pytest.raises(NotRunning, match="nothing runs here"):
        call(root, "status", {}, environ=environ)
    assert not (paths.state_dir(root, environ)).exists(), "asking leaves nothing behind"


@pytest.mark.parametrize("kind", ["dead socket", "file", "folder", "link", "fifo", "folder is a file"])
def test_what_is_no_socket_is_not_running(place: Place, kind: str) -> None:
    root, environ = place
    path = paths.place_socket(root, environ)
    if kind == "dead socket":
        with socket.socket(socket.AF_UNIX) as dead:
            dead.bind(str(path))
    elif kind == "folder":
        path.mkdir()
    elif kind == "link":
        path.symlink_to(path)
    elif kind == "fifo":
        os.mkfifo(path)
    elif kind == "file":
        path.write_text("garbage")
    else:
        (path.parent / paths.NOTE).write_bytes(os.fsencode(path.parent / paths.NOTE / "x.sock"))
    with contextlib.suppress(NotRunning):
        assert reach(root, environ) is None


def test_mistakes_arrive_as_they_were(place: Place) -> None:
    root, environ = place
    both = Mistakes([WrongInput("hybrid.toml:3 services.a.port: not a number", "write 8080"), WrongInput("b")])
    with FakeSupervisor(root, environ, {"start": refusing(both)}), pytest.raises(HybridError) as caught:
        call(root, "start", {}, environ=environ)
    assert caught.value.lines() == both.lines()
    assert caught.value.code == Code.WRONG


def test_another_users_supervisor_is_refused(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    root, environ = place
    with FakeSupervisor(root, environ, {"status": canned({})}) as fake:
        monkeypatch.setattr(client, "own_uid", lambda: os.geteuid() + 1)
        with pytest.raises(NotRunning, match="is answered by user"):
            call(root, "status", {}, environ=environ)
    assert not fake.requests


def test_an_environment_above_the_limit_is_named(place: Place) -> None:
    root, environ = place
    big = {**environ, "BIG": "x" * codec.REQUEST_LIMIT}
    with FakeSupervisor(root, environ, {"start": canned({})}), pytest.raises(HybridError, match="above the limit"):
        call(root, "start", {}, environ=big)


def test_a_supervisor_that_ends_meanwhile_is_said(place: Place) -> None:
    root, environ = place

    async def vanish(_request: Request, reply: Reply) -> None:
        reply.closed.set()

    with FakeSupervisor(root, environ, {"start": vanish}), pytest.raises(NotRunning, match="ended before it answered"):
        call(root, "start", {}, environ=environ)


def raw_server(root: Path, environ: dict[str, str], answer: bytes) -> tuple[socket.socket, threading.Thread]:
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(str(paths.place_socket(root, environ)))
    listening.listen()

    def speak() -> None:
        link, _ = listening.accept()
        with link:
            link.recv(65536)
            link.sendall(answer)

    thread = threading.Thread(target=speak)
    thread.start()
    return listening, thread


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (b"HTTP/1.1 200 OK\r\n\r\n", "does not make sense"),
        (b"\xff\xff\n", "does not make sense"),
        (b"[]\n", "does not make sense"),
        (b'{"v":2,"result":1,"code":0}\n', "different versions"),
        (b'{"result":1,"code":0}\n', "different versions"),
        (b'{"v":1,"resu', "ended before it answered"),
        (b"", "ended before it answered"),
    ],
)
def test_a_supervisor_that_talks_nonsense_is_unreachable(place: Place, answer: bytes, words: str) -> None:
    root, environ = place
    listening, thread = raw_server(root, environ, answer)
    with listening:
        with pytest.raises(HybridError, match=words) as caught:
            call(root, "status", {}, environ=environ)
        thread.join()
    assert caught.value.code == Code.UNREACHABLE


def test_a_frozen_supervisor_is_named_with_its_pid(place: Place) -> None:
    root, environ = place

    async def sleep(_request: Request, reply: Reply) -> None:
        await reply.closed.wait()

    with FakeSupervisor(root, environ, {"status": sleep}):
        with pytest.raises(NotRunning, match=rf"\(pid {os.getpid()}\) does not answer") as caught:
            call(root, "status", {}, timeout=0.1, environ=environ)
        assert f"kill -9 {os.getpid()}" in caught.value.hint


def test_ticks_come_while_nothing_happens(place: Place) -> None:
    root, environ = place
    ticked = threading.Event()
    count = 0

    def tick() -> None:
        nonlocal count
        count += 1
        if count >= 3:
            ticked.set()

    async def wait(_request: Request, reply: Reply) -> None:
        await asyncio.get_running_loop().run_in_executor(None, ticked.wait, 30)
        reply.result(None)

    with FakeSupervisor(root, environ, {"wait": wait}):
        call(root, "wait", {}, on_tick=tick, environ=environ)
    assert count >= 3


def test_hanging_up_is_noticed_by_both_sides(place: Place) -> None:
    root, environ = place
    gone = threading.Event()

    async def attached(_request: Request, reply: Reply) -> None:
        reply.result("started")
        await reply.closed.wait()
        gone.set()

    with FakeSupervisor(root, environ, {"start": attached}):
        connection = reach(root, environ)
        assert connection is not None
        with connection:
            assert connection.ask(ask("start", {"attached": True}, environ)) == ("started", 0)
            assert not connection.hung_up()
            assert not gone.is_set()
        assert gone.wait(10)
        second = reach(root, environ)
        assert second is not None
        second.ask(ask("start", {"attached": True}, environ))
    with second:
        until(second.hung_up)


def test_consult_asks_the_running_supervisor_first(place: Place) -> None:
    root, environ = place
    with FakeSupervisor(root, environ, {"plugins": canned({"plugins": []})}):
        assert consult(root, "plugins", {}, environ=environ) == ({"plugins": []}, 0)


CLIENT = """
import sys
from pathlib import Path
from hybrid_tasks.control.client import call
heavy = {"asyncio", "pydantic", "watchdog", "docker", "pluggy", "psutil", "rich"}
call(Path(sys.argv[1]), "status", {})
print(sorted(heavy & set(sys.modules)))
"""


def test_the_client_imports_nothing_heavy(place: Place) -> None:
    root, environ = place
    with FakeSupervisor(root, environ, {"status": canned({})}):
        done = subprocess.run(
            [sys.executable, "-c", CLIENT, str(root)], env=environ, capture_output=True, text=True, timeout=60
        )
    assert done.stderr == ""
    assert done.stdout == "[]\n"


KILLED = """
import sys
from pathlib import Path
from hybrid_tasks.control.client import call
print("asking", flush=True)
call(Path(sys.argv[1]), "start", {"attached": True})
"""


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_the_end_of_an_attached_client_however_it_comes_is_heard(place: Place, number: signal.Signals) -> None:
    root, environ = place
    gone, asked = threading.Event(), threading.Event()

    async def attached(_request: Request, reply: Reply) -> None:
        asked.set()
        await reply.closed.wait()
        gone.set()

    with (
        FakeSupervisor(root, environ, {"start": attached}),
        subprocess.Popen(
            [sys.executable, "-c", KILLED, str(root)], env=environ, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        ) as process,
    ):
        assert asked.wait(60)
        process.send_signal(number)
        assert gone.wait(30)
        process.wait(30)


def test_a_connection_knows_whether_anything_has_begun(place: Place) -> None:
    """A command that met a supervisor about to end asks again, but only when nothing was done yet."""
    root, environ = place

    async def vanish(request: Request, reply: Reply) -> None:
        if request.op == "start":
            reply.event(Event("note", 0.0, None, {"text": "begun"}))
        reply.closed.set()

    with FakeSupervisor(root, environ, {"start": vanish, "stop": vanish}):
        for op, heard in (("start", True), ("stop", False)):
            connection = reach(root, environ)
            assert connection is not None
            with connection, pytest.raises(NotRunning):
                connection.ask(ask(op, {}, environ))
            assert connection.heard is heard
