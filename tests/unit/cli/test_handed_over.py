"""Programs that get the terminal: what is debugged, tests and steps."""

from __future__ import annotations

import signal

import pexpect
import pytest
from answers import HEALTHY, LIVE
from desk import Desk, ended
from fakes import canned
from waiting import until


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


@pytest.mark.needs("linux")
def test_a_program_that_is_debugged_ignores_no_signal_that_we_ignore(desk: Desk) -> None:
    with desk.supervised({"exec": canned(program(desk, "grep", "SigIgn", "/proc/self/status"))}):
        done = desk.run("dev-debug", "web", "grep", "SigIgn")
    assert int(done.stdout.split()[1], 16) & (1 << (signal.SIGPIPE - 1)) == 0


@pytest.mark.parametrize(
    ("argv", "cwd", "code", "words"),
    [
        (["no-such-program"], ".", 127, "`no-such-program` was not found"),
        (["/etc/passwd"], ".", 126, "cannot execute `/etc/passwd`: permission denied"),
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


@pytest.mark.parametrize("task", ["dev-debug", "dev-test"])
def test_a_missing_program_ended_with_1_instead_of_127(desk: Desk, task: str) -> None:
    told = program(desk, "nosuch")
    with desk.supervised({"exec": canned(told), "test": canned({"commands": [told]})}):
        done = desk.run(task, "web")
    assert done.returncode == 127


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
