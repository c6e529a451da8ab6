"""`inv dev-debug`: exactly the words that were typed, in the service's place, and what is left running is the user's."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from kills import gone, kill, supervisors
from seat import plain, services, started
from terminals import ended, terminal
from waiting import until

from hybrid_tasks.testing.project import Project

pytestmark = [pytest.mark.needs("linux"), pytest.mark.timeout(180)]

DUMP = "import json, os, sys; print(json.dumps([list(os.fsencode(word)) for word in sys.argv[1:]]))"
NASTY = [
    b"",
    b" ",
    b"two words",
    b"'single'",
    b'"double"',
    b"it's",
    b"back\\slash",
    b"new\nline",
    b"tab\there",
    b"carriage\rreturn",
    b"$HOME",
    b"$(touch hacked)",
    b"`touch hacked`",
    b"a;b",
    b"a&&b",
    b"a|b",
    b">file",
    b"*",
    b"~",
    b"!history",
    b"{artefact}",
    b"%s%d",
    b"key=value",
    b"--help",
    b"-h",
    b"--",
    b"--list",
    b"dev-stop",
    b"\xff\xfe not utf-8",
    "Grüße 🦀".encode(),
    b"\x1b[31mred\x01\x7f",
    b"x" * 50_000,
]


@pytest.fixture
def web(project: Project) -> Project:
    plain(project, {"web": 'dir = "web"\ncommand = ["sleep", "1000"]\nenv = {GREETING = "hello $$ you"}'})
    project.write("web/here", "")
    return project


def debug(project: Project, *words: bytes | str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "invoke", "dev-debug", *words],
        cwd=project.root,
        env=project.environ,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
    )


@pytest.mark.parametrize("running", [True, False], ids=["running", "nothing runs"])
def test_every_word_arrives_byte_for_byte(web: Project, running: bool) -> None:
    if running:
        started(web)
    done = debug(web, "web", sys.executable, "-c", DUMP, *NASTY)
    assert done.returncode == 0, done.stderr
    assert [bytes(word) for word in json.loads(done.stdout)] == NASTY
    for word in NASTY if running else NASTY[:3]:
        done = debug(web, "web", sys.executable, "-c", DUMP, word)
        assert [bytes(one) for one in json.loads(done.stdout)] == [word], word[:50]
    assert not list(web.root.rglob("hacked"))
    assert bool(supervisors(web)) is running, "none is started for it"


@pytest.mark.parametrize("code", [0, 1, 2, 7, 127, 130, 255])
def test_the_exit_code_is_passed_on(web: Project, code: int) -> None:
    assert debug(web, "web", "sh", "-c", f"exit {code}").returncode == code


def test_a_signal_is_passed_on(web: Project) -> None:
    assert debug(web, "web", "sh", "-c", "kill -9 $$").returncode == -9


def test_a_program_that_is_missing_is_127_and_named(web: Project) -> None:
    done = debug(web, "web", "no-such-program", "--help")
    assert done.returncode == 127
    assert "`no-such-program`" in done.stderr


def test_it_runs_in_the_directory_and_environment_of_the_service(web: Project) -> None:
    done = debug(web, "web", "sh", "-c", 'pwd; echo "$GREETING"; ls; env | grep -c HYBRID_RUN')
    assert done.stdout.splitlines() == [str(web.root / "web"), "hello $ you", "here", "0"]


@pytest.fixture
def sockets() -> Iterator[Path]:
    """A short place for tmux's socket."""
    with tempfile.TemporaryDirectory(prefix="ht") as folder:
        yield Path(folder) / "tmux"


@pytest.mark.needs("tmux")
def test_what_was_started_from_a_shell_survives_stop_start_and_kill(web: Project, sockets: Path) -> None:
    tmux = [str(shutil.which("tmux")), "-S", str(sockets), "-f", "/dev/null"]
    web.environ["SHELL"] = "/bin/sh"
    started(web)
    editor = 0
    try:
        with terminal(web, "dev-debug", "web") as child:
            child.expect(r"[$#] ")
            child.sendline(
                f"{' '.join(tmux)} new-session -d -s work sleep 1001; nohup sleep 1002 >/dev/null & echo editor=$!"
            )
            child.expect(r"editor=(\d+)\r")
            editor = int(child.match[1])
            child.sendline("exit 5")
            assert ended(child) == 5

        def alive() -> bool:
            listed = subprocess.run([*tmux, "list-sessions"], capture_output=True, text=True)
            command = Path(f"/proc/{editor}/cmdline")
            return "work" in listed.stdout and command.exists() and b"1002" in command.read_bytes()

        until(alive)
        assert web.inv("dev-stop").code == 0
        assert alive(), "after a stop"
        started(web)
        assert alive(), "after a start"
        assert web.inv("dev-restart").code == 0
        kill(supervisors(web))
        gone(web, 10)
        assert alive(), "after a kill of the supervisor"
        started(web)
        assert alive(), "after the sweep"
        assert services(web)["web"]["state"] == "running"
        assert web.inv("dev-clean", "--yes").code == 0
        assert alive()
    finally:
        subprocess.run([*tmux, "kill-server"], capture_output=True)
        if editor:
            os.kill(editor, 9)
