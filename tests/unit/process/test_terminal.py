"""A command on the user's own terminal, on a real pseudo terminal."""

from __future__ import annotations

import os
import signal
import sys
import termios
from pathlib import Path

import pexpect
import pytest
from dispositions import ignored

from hybrid_tasks.errors import HybridError
from hybrid_tasks.process import terminal

CLIENT = """
import os, sys
from pathlib import Path
from hybrid_tasks.errors import HybridError
from hybrid_tasks.process import terminal
try:
    code = getattr(terminal, sys.argv[1])(sys.argv[2:], dict(os.environ, GIVEN="yes"), Path("/"))
except HybridError as error:
    print(*error.lines(), sep="\\n")
    sys.exit(9)
print("code", code, flush=True)
sys.exit(code)
"""


def client(how: str, *argv: str) -> pexpect.spawn:
    return pexpect.spawn(sys.executable, ["-c", CLIENT, how, *argv], encoding="utf-8", timeout=60, echo=False)


def end(child: pexpect.spawn) -> int:
    child.expect(pexpect.EOF)
    child.close()
    return child.exitstatus if child.exitstatus is not None else -child.signalstatus


@pytest.mark.parametrize("how", ["run", "become"])
def test_a_command_has_the_terminal(how: str) -> None:
    child = client(
        how, "sh", "-c", 'test -t 0 && test -t 1 && test -t 2 && read word && echo "$word $GIVEN $PWD"; exit 3'
    )
    child.sendline("hello")
    child.expect_exact("hello yes /")
    assert end(child) == 3


@pytest.mark.parametrize("how", ["run", "become"])
def test_control_c_is_the_commands(how: str) -> None:
    child = client(how, "sh", "-c", "trap 'echo caught; exit 4' INT; echo ready; while :; do sleep 0.05; done")
    child.expect_exact("ready")
    child.sendintr()
    child.expect_exact("caught")
    assert end(child) == 4


@pytest.mark.parametrize("how", ["run", "become"])
def test_no_signal_stays_ignored(how: str) -> None:
    child = client(how, "grep", "-E", "SigIgn|SigBlk", "/proc/self/status")
    child.expect(r"SigBlk:\s0{16}\s+SigIgn:\s([0-9a-f]{16})\s")
    assert ignored(child.match[1].decode() if isinstance(child.match[1], bytes) else child.match[1]) == 0
    assert end(child) == 0


def test_what_ends_by_a_signal_says_so_as_in_a_shell() -> None:
    child = client("run", "sh", "-c", "kill -KILL $$")
    child.expect_exact("code 137")
    assert end(child) == 137


def test_term_is_passed_on() -> None:
    child = client("run", "sh", "-c", "trap 'echo passed; exit 6' TERM; echo ready; while :; do sleep 0.05; done")
    child.expect_exact("ready")
    child.kill(signal.SIGTERM)
    child.expect_exact("passed")
    assert end(child) == 6


def test_modes_are_restored_after_a_command_that_spoils_them() -> None:
    code = CLIENT.replace(
        'print("code"', 'import termios; print("echo", bool(termios.tcgetattr(0)[3] & termios.ECHO))\nprint("code"'
    )
    child = pexpect.spawn(
        sys.executable, ["-c", code, "run", "sh", "-c", "stty raw -echo; echo spoilt"], encoding="utf-8", timeout=60
    )
    child.expect_exact("spoilt")
    child.expect_exact("echo True\r\n")
    assert end(child) == 0


def test_the_foreground_is_taken_back() -> None:
    spoil = "import os, signal; os.setpgid(0, 0); signal.signal(signal.SIGTTOU, signal.SIG_IGN); os.tcsetpgrp(0, os.getpid())"
    code = CLIENT.replace('print("code"', 'print("foreground", os.tcgetpgrp(0) == os.getpgrp(), input())\nprint("code"')
    child = pexpect.spawn(
        sys.executable, ["-c", code, "run", sys.executable, "-c", spoil], encoding="utf-8", timeout=60
    )
    child.sendline("typed")
    child.expect_exact("foreground True typed")
    assert end(child) == 0


@pytest.mark.parametrize("how", ["run", "become"])
def test_a_missing_command_is_named(how: str) -> None:
    child = client(how, "no-such-command")
    child.expect_exact("error: `no-such-command` was not found")
    assert end(child) == 9


def test_without_a_terminal_it_just_runs(tmp_path: Path) -> None:
    env = {"PATH": os.environ["PATH"], "OUT": str(tmp_path / "out")}
    before = {
        number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)
    }
    assert terminal.run(["sh", "-c", "pwd > $OUT; exit 2"], env, tmp_path) == 2
    assert (tmp_path / "out").read_text().strip() == str(tmp_path)
    assert before == {number: signal.getsignal(number) for number in before}


def test_a_missing_directory_is_named(tmp_path: Path) -> None:
    with pytest.raises(HybridError, match="cannot enter the directory"):
        terminal.run(["true"], {"PATH": os.environ["PATH"]}, tmp_path / "none")
    with pytest.raises(OSError, match="none"):
        terminal.become(["true"], {"PATH": os.environ["PATH"]}, tmp_path / "none")
    assert termios
