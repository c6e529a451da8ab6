"""What a person sees: the same tasks on a terminal of their own."""

from __future__ import annotations

import asyncio
import json
import re
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import pexpect
import pytest
from desk import Desk, at_a_desk, ended
from fakes import canned
from waiting import until

from hybrid_tasks.control.messages import Request
from hybrid_tasks.control.server import Reply
from hybrid_tasks.model.events import Event


@pytest.fixture
def desk() -> Iterator[Desk]:
    with at_a_desk() as made:
        yield made


HEALTHY = {
    "name": "web",
    "word": "running",
    "healthy": True,
    "wanted": True,
    "address": "http://127.0.0.1:8000",
    "since": 1.0,
}
LIVE = {"service": "web", "result": "live", "stages": [{"name": "build", "ms": 800.0, "ok": True}]}
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
    answer = canned({"services": [HEALTHY], "receipts": [LIVE]}, 0, Event("stage", 0.0, "web", {"stage": "build"}))
    for env in ({"CI": "true"}, {"TERM": "dumb"}):
        with desk.supervised({"start": answer}), desk.terminal("dev-start", env=env) as child:
            child.expect_exact("web: building\r\n")
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


def test_ctrl_c_while_starting_is_one_line_and_130(desk: Desk) -> None:
    gone = threading.Event()

    async def start(_request: Request, reply: Reply) -> None:
        reply.event(Event("stage", 0.0, "web", {"stage": "build"}))
        await reply.closed.wait()
        gone.set()

    with desk.supervised({"start": start}) as fake, desk.terminal("dev-start") as child:
        child.expect("building")
        child.sendintr()
        child.expect_exact("interrupted\r\n")
        assert ended(child) == 130
        assert "Traceback" not in child.before
        assert gone.wait(30)
        assert [request.op for request in fake.requests] == ["start"], "services stay up"


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


def program(desk: Desk, *argv: str, **env: str) -> dict[str, object]:
    return {"service": "web", "argv": list(argv), "cwd": str(desk.root), "env": {"PATH": desk.environ["PATH"], **env}}


def test_debug_becomes_the_program_on_this_terminal(desk: Desk) -> None:
    answer = program(
        desk, "sh", "-c", 'test -t 0 && test -t 1 && echo "here $WHO $PPID in $PWD"; read line; exit $line', WHO="web"
    )
    with desk.supervised({"exec": canned(answer)}) as fake, desk.terminal("dev-debug", "web") as child:
        child.expect(rf"here web \d+ in {desk.root}\r\n")
        child.sendline("7")
        assert ended(child) == 7
        assert fake.asked("exec") == [{"service": "web", "words": ()}]


def test_ctrl_c_belongs_to_the_program_that_is_debugged(desk: Desk) -> None:
    answer = program(desk, "sh", "-c", "trap 'echo mine; exit 5' INT; echo ready; while :; do read x; done")
    with desk.supervised({"exec": canned(answer)}), desk.terminal("dev-debug", "web") as child:
        child.expect("ready")
        child.sendintr()
        child.expect("mine")
        assert ended(child) == 5


SHOW = "import json,sys; print(json.dumps(sys.argv[1:]))"


def test_sec_27_a_command_reaches_the_program_word_for_word(desk: Desk) -> None:
    import sys

    async def run(request: Request, reply: Reply) -> None:
        reply.result(program(desk, *request.args["words"]))

    nasty = [
        "a b",
        "$(touch x)",
        ";",
        "'",
        '"',
        "\\",
        "*",
        "é",
        "-",
        "--",
        "--words",
        "--help",
        "\n",
        "dev-start",
        "",
        "=",
        "x=y",
    ]
    with desk.supervised({"exec": run}):
        done = desk.run("dev-debug", "web", sys.executable, "-c", SHOW, *nasty)
    assert done.stderr == ""
    assert json.loads(done.stdout) == nasty


@pytest.mark.needs("linux")
def test_a_program_that_is_debugged_ignores_no_signal_that_we_ignore(desk: Desk) -> None:
    with desk.supervised({"exec": canned(program(desk, "grep", "SigIgn", "/proc/self/status"))}):
        done = desk.run("dev-debug", "web", "grep", "SigIgn")
    assert int(done.stdout.split()[1], 16) & (1 << (signal.SIGPIPE - 1)) == 0


@pytest.mark.parametrize(
    ("argv", "cwd", "code", "words"),
    [
        (["no-such-program"], ".", 1, "`no-such-program` was not found"),
        (["true"], "gone", 1, "gone"),
        (["sh", "-c", "exit 3"], ".", 3, ""),
        (["sh", "-c", "kill -9 $$"], ".", -9, ""),
    ],
)
def test_debug_passes_on_how_it_ended(desk: Desk, argv: list[str], cwd: str, code: int, words: str) -> None:
    answer = {**program(desk, *argv), "cwd": str(desk.root / cwd)}
    with desk.supervised({"exec": canned(answer)}):
        done = desk.run("dev-debug", "web", *argv)
    assert done.returncode == code
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_tests_run_one_after_the_other_and_the_first_failure_counts(desk: Desk) -> None:
    commands = [
        program(desk, "sh", "-c", "echo one; exit 3"),
        {**program(desk, "sh", "-c", "echo two; exit 4"), "service": "api"},
        {"service": "engine", "skipped": "`cargo` is missing", "hint": "curl https://sh.rustup.rs"},
        {**program(desk, "sh", "-c", "echo three"), "service": "worker"},
    ]
    with desk.supervised({"test": canned({"commands": commands})}) as fake:
        done = desk.run("dev-test", "web", "api", "--", "-k", "a b", "--service")
    assert done.stdout == "one\ntwo\nthree\n"
    assert done.stderr == "== web\n== api\nengine: skipped, `cargo` is missing (curl https://sh.rustup.rs)\n== worker\n"
    assert done.returncode == 3
    assert fake.asked("test") == [{"services": ("web", "api"), "arguments": ("-k", "a b", "--service")}]


def test_a_test_program_has_the_terminal_and_its_own_ctrl_c(desk: Desk) -> None:
    commands = [program(desk, "sh", "-c", "trap 'exit 9' INT; test -t 0 && echo ready; while :; do read x; done")]
    with desk.supervised({"test": canned({"commands": commands})}), desk.terminal("dev-test") as child:
        child.expect("ready")
        child.sendintr()
        assert ended(child) == 9


@pytest.mark.parametrize("words", [["dev-step", "migrate"], ["dev-migrate"]])
def test_a_step_starts_what_it_needs_and_runs_on_the_terminal(desk: Desk, words: list[str]) -> None:
    answers = {
        "step": canned({**program(desk, "sh", "-c", "echo migrated; exit 6"), "needs": ["web"]}),
        "start": canned({"services": [HEALTHY], "receipts": [LIVE]}),
    }
    with desk.supervised(answers) as fake:
        done = desk.run(*words)
    assert done.stdout.splitlines()[-1] == "migrated"
    assert (done.returncode, done.stderr) == (6, "")
    assert [request.op for request in fake.requests] == ["step", "start"]
    assert fake.asked("step") == [{"name": "migrate"}]
    assert fake.asked("start")[0]["services"] == ("web",)


def test_a_step_does_not_run_when_what_it_needs_fails(desk: Desk) -> None:
    answers = {
        "step": canned({**program(desk, "sh", "-c", "echo migrated"), "needs": ["web"]}),
        "start": canned({"services": [{**HEALTHY, "word": "crashed", "healthy": False}], "receipts": []}, 1),
    }
    with desk.supervised(answers):
        done = desk.run("dev-migrate")
    assert done.returncode == 1
    assert "migrated" not in done.stdout


def test_the_terminal_is_as_it_was(desk: Desk) -> None:
    commands = [program(desk, "sh", "-c", "stty -echo raw; exit 0")]
    with desk.supervised({"test": canned({"commands": commands}), "status": canned({"services": []})}):
        child = pexpect.spawn("sh", cwd=str(desk.root), env=desk.environ, encoding="utf-8", timeout=60)
        try:
            child.sendline("PS1='$ '; stty -a > before; inv=$(command -v inv); true")
            from desk import INV

            child.sendline(f"{INV} dev-test; stty -a > after; echo do''ne")
            child.expect_exact("done")
            until(lambda: (desk.root / "after").exists() and (desk.root / "after").stat().st_size > 0)
            child.sendline("exit")
            child.expect(pexpect.EOF)
        finally:
            child.close(force=True)
    assert (desk.root / "before").read_text() == (desk.root / "after").read_text()
