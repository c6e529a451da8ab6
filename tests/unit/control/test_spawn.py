from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pytest
from fakes import short_folder
from waiting import until

from hybrid_tasks.control import paths, spawn
from hybrid_tasks.control.client import call, reach
from hybrid_tasks.control.messages import ask
from hybrid_tasks.control.once import consult
from hybrid_tasks.control.spawn import ensure
from hybrid_tasks.errors import Code, HybridError, NotRunning, WrongInput

SUPERVISOR = """
import asyncio, fcntl, os, sys
from pathlib import Path
from hybrid_tasks.control import paths, spawn
from hybrid_tasks.control.server import serve

root, ready = Path(sys.argv[1]), int(sys.argv[2])
state = paths.own_folder(paths.state_dir(root, os.environ))
lock = os.open(state / "lock", os.O_RDWR | os.O_CREAT, 0o600)
with open(root / "launched", "a") as file:
    print(os.getpid(), file=file)
try:
    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
except BlockingIOError:
    os.write(ready, spawn.BUSY)
    sys.exit(0)

async def main():
    over = asyncio.Event()
    async def handle(request, reply):
        reply.result({"pid": os.getpid()})
        if request.op == "shutdown":
            over.set()
    server = await serve(paths.place_socket(root, os.environ), handle, uid=os.geteuid())
    with open(root / "serving", "a") as file:
        print(os.getpid(), file=file)
    os.write(ready, spawn.READY)
    await over.wait()
    await asyncio.sleep(0)
    await server.close()

asyncio.run(main())
"""


class Place:
    """A project with a small supervisor of its own."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "project"
        self.root.mkdir()
        self.program = folder / "supervisor.py"
        self.program.write_text(SUPERVISOR)
        self.environ = {"HOME": str(folder), "XDG_STATE_HOME": str(folder / "state"), "PATH": os.environ["PATH"]}
        self.processes: list[subprocess.Popen[bytes]] = []

    def launch(self, argv: Sequence[str], env: Mapping[str, str], log: Path, descriptor: int) -> None:
        assert argv[-2:] == ["--ready", str(descriptor)]
        self.start([sys.executable, str(self.program), str(self.root), str(descriptor)], env, log, descriptor)

    def start(self, argv: Sequence[str], env: Mapping[str, str], log: Path, descriptor: int) -> None:
        with log.open("ab") as output:
            process = subprocess.Popen(argv, env=dict(env), stdout=output, stderr=output, pass_fds=[descriptor])
        self.processes.append(process)

    def pids(self, name: str) -> list[str]:
        file = self.root / name
        return file.read_text().split() if file.exists() else []


@pytest.fixture
def place() -> Iterator[Place]:
    with short_folder() as folder:
        made = Place(folder)
        try:
            yield made
        finally:
            with contextlib.suppress(HybridError):
                call(made.root, "shutdown", {}, environ=made.environ)
            for pid in made.pids("launched"):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(int(pid), signal.SIGKILL)
            for process in made.processes:
                process.wait(30)


def test_a_supervisor_is_started_when_none_runs_and_only_then(place: Place) -> None:
    for _ in range(3):
        with ensure(place.root, place.environ, launch=place.launch) as connection:
            result, _ = connection.ask(ask("status", {}, place.environ))
            assert result == {"pid": int(place.pids("serving")[0])}
    assert len(place.pids("launched")) == 1


def test_p12_100_starts_at_once_make_one_supervisor(place: Place) -> None:
    answers, failures = [], []
    barrier = threading.Barrier(100)

    def start() -> None:
        barrier.wait(60)
        try:
            with ensure(place.root, place.environ, launch=place.launch) as connection:
                answers.append(connection.ask(ask("status", {}, place.environ)))
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=start) for _ in range(100)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert not failures
    assert len(answers) == 100
    assert len({str(answer) for answer in answers}) == 1
    assert len(place.pids("serving")) == 1
    assert len(place.pids("launched")) == 1, "the gate keeps the other 99 interpreters from starting"


STARTING = """
import os, subprocess, sys
from pathlib import Path
from hybrid_tasks.control.messages import ask
from hybrid_tasks.control.spawn import ensure
root, program = Path(sys.argv[1]), sys.argv[2]
def launch(argv, env, log, descriptor):
    with log.open("ab") as output:
        subprocess.Popen([sys.executable, program, str(root), str(descriptor)], env=dict(env), stdout=output,
                         stderr=output, pass_fds=[descriptor], start_new_session=True)
with ensure(root, launch=launch) as connection:
    print(connection.ask(ask("status", {}, os.environ))[0]["pid"])
"""


def test_p12_20_processes_at_once_make_one_supervisor(place: Place) -> None:
    argv = [sys.executable, "-c", STARTING, str(place.root), str(place.program)]
    started = [
        subprocess.Popen(argv, env=place.environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE) for _ in range(20)
    ]
    outputs = [process.communicate(timeout=100) for process in started]
    assert [process.returncode for process in started] == [0] * 20, outputs
    assert len({out for out, _ in outputs}) == 1
    assert len(place.pids("serving")) == 1


def test_a_command_killed_while_it_starts_one_does_not_block_the_next(place: Place) -> None:
    """The gate is a lock of the process, not a file that stays."""
    gate = paths.own_folder(paths.state_dir(place.root, place.environ)) / "starting"
    holder = "import fcntl,os,sys; f=os.open(sys.argv[1],os.O_RDWR|os.O_CREAT,0o600); fcntl.flock(f,2); print(1,flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", holder, str(gate)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        with pytest.raises(NotRunning, match="did not answer within"):
            ensure(place.root, place.environ, launch=place.launch, patience=0.2)
        process.kill()
        process.wait(30)
    with ensure(place.root, place.environ, launch=place.launch):
        assert len(place.pids("serving")) == 1


def test_a_supervisor_that_dies_at_its_start_shows_why(place: Place) -> None:
    place.program.write_text("import sys\nprint('before')\nraise ValueError('no such thing')\n")
    with pytest.raises(HybridError, match="ValueError: no such thing") as caught:
        ensure(place.root, place.environ, launch=place.launch)
    assert "ended at its start" in str(caught.value)
    assert spawn.LOG in caught.value.hint
    place.program.write_text("import sys\nsys.exit('another reason')\n")
    with pytest.raises(HybridError, match="another reason") as caught:
        ensure(place.root, place.environ, launch=place.launch)
    assert "no such thing" not in str(caught.value), "only what was written this time"


def test_one_that_finds_the_lock_taken_leaves_it_to_the_other(place: Place) -> None:
    """The old one ends while the new one asks: try again until the lock is free."""
    state = paths.own_folder(paths.state_dir(place.root, place.environ))
    holder = "import fcntl,os,sys; f=os.open(sys.argv[1],os.O_RDWR|os.O_CREAT,0o600); fcntl.flock(f,2); print(1,flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", holder, str(state / "lock")], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        process.stdout.readline()

        def end_later() -> None:
            until(lambda: len(place.pids("launched")) >= 2, 60)
            process.kill()

        ender = threading.Thread(target=end_later)
        ender.start()
        with ensure(place.root, place.environ, launch=place.launch):
            assert len(place.pids("serving")) == 1
        ender.join(60)
        process.wait(30)


def test_one_that_never_answers_is_given_up(place: Place) -> None:
    place.program.write_text("import signal\nsignal.pause()\n")
    with pytest.raises(NotRunning, match=r"did not answer within 0\.5 s") as caught:
        ensure(place.root, place.environ, launch=place.launch, patience=0.5)
    assert "supervisor.log" in caught.value.hint
    for process in place.processes:
        process.kill()


def test_a_program_that_cannot_be_executed_is_an_error_of_ours(place: Place) -> None:
    def launch(_argv: Sequence[str], _env: Mapping[str, str], _log: Path, _descriptor: int) -> None:
        raise FileNotFoundError(2, "No such file or directory", "/nowhere/python")

    with pytest.raises(OSError, match="/nowhere/python"):
        ensure(place.root, place.environ, launch=launch)
    assert reach(place.root, place.environ) is None


def test_sec_50_root_is_refused_in_a_users_project(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    sudo = {**place.environ, "SUDO_UID": "1000"}
    with pytest.raises(WrongInput, match="root would run the services of user 1000"):
        spawn.refuse_foreign_root(place.root, sudo)
    spawn.refuse_foreign_root(place.root, {**sudo, "HYBRID_ALLOW_ROOT": "1"})
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    spawn.refuse_foreign_root(place.root, sudo)


def test_a_projects_own_modules_do_not_become_ours(place: Place) -> None:
    assert "-P" in spawn.command(place.root)


def fake_once(monkeypatch: pytest.MonkeyPatch, program: str) -> None:
    monkeypatch.setattr("hybrid_tasks.control.once.command", lambda *_: [sys.executable, "-c", program])


def test_once_asks_a_child_and_hears_its_events(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    program = """
import json, sys
request = json.loads(sys.stdin.readline())
print(json.dumps({"event": {"kind": "note", "at": 1, "service": None, "data": {"text": request["op"]}}}))
print(json.dumps({"v": 1, "result": {"asked": request["args"], "home": request["env"]["HOME"]}, "code": 1}))
"""
    fake_once(monkeypatch, program)
    heard = []
    result = consult(place.root, "env", {"service": "web"}, heard.append, place.environ, alone=True)
    assert result == ({"asked": {"service": "web"}, "home": place.environ["HOME"]}, 1)
    assert [event.data["text"] for event in heard] == ["env"]


@pytest.mark.parametrize(
    ("program", "words"),
    [
        ("import sys; sys.exit('cannot import it')", "cannot import it"),
        ("import os; os.abort()", "exit -6"),
        ("import sys; sys.stdin.read(); print('chatter of a plugin')", "not JSON"),
        ("import sys; sys.stdin.read()", "exit 0"),
    ],
)
def test_a_child_that_gives_no_answer_is_explained(
    place: Place, monkeypatch: pytest.MonkeyPatch, program: str, words: str
) -> None:
    fake_once(monkeypatch, program)
    with pytest.raises(HybridError, match=words):
        consult(place.root, "plugins", {}, environ=place.environ, alone=True)


def test_once_gives_back_what_the_child_refused(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    refused = '{"v": 1, "error": {"message": "hybrid.toml:3 wrong", "hint": "right", "code": 2, "subject": ""}}'
    fake_once(monkeypatch, f"import sys; sys.stdin.read(); print({refused!r})")
    with pytest.raises(HybridError, match=r"hybrid\.toml:3 wrong") as caught:
        consult(place.root, "config", {}, environ=place.environ, alone=True)
    assert caught.value.code == Code.WRONG
