"""A process that outlives whoever started it."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest
from waiting import until

from hybrid_tasks.errors import HybridError
from hybrid_tasks.process.detached import launch
from hybrid_tasks.process.identity import identify, read_stat, same

LOOK = """
import json, os, signal, sys
seen = {"pid": os.getpid(), "sid": os.getsid(0), "cwd": os.getcwd(), "env": dict(os.environ),
  "fds": sorted(int(f) for f in os.listdir("/proc/self/fd") if os.path.exists("/proc/self/fd/" + f)),
  "stdin": os.readlink("/proc/self/fd/0")}
sys.stderr.write("to the log\\n")
print(json.dumps(seen), flush=True)
if "stay" in sys.argv: signal.pause()
"""
LAUNCH = """
import os, sys
from pathlib import Path
from hybrid_tasks.process.detached import launch
print(launch([sys.executable, "-c", sys.argv[1], "stay"], dict(os.environ), Path(sys.argv[2]), Path("/")).pid, flush=True)
sys.stdin.read()
"""


def test_it_has_nothing_of_ours(tmp_path: Path) -> None:
    log = tmp_path / "made" / "log"
    read, write = os.pipe()
    os.set_inheritable(write, True)
    launched = launch([sys.executable, "-c", LOOK], {"A": "b"}, log, tmp_path)
    os.close(read)
    os.close(write)
    assert until(lambda: launched.ended() is not None, timeout=60)
    assert launched.ended() == 0
    first, second = log.read_text().splitlines()
    assert first == "to the log"
    seen = json.loads(second)
    seen["env"].pop("LC_CTYPE", None)
    assert seen["pid"] == seen["sid"] == launched.pid
    assert seen["fds"] == [0, 1, 2]
    assert seen["stdin"] == "/dev/null"
    assert seen["env"] == {"A": "b"}
    assert seen["cwd"] == str(tmp_path)
    assert log.stat().st_mode & 0o777 == 0o600


def test_a_descriptor_is_passed_on_purpose_only(tmp_path: Path) -> None:
    read, write = os.pipe()
    launched = launch(
        [sys.executable, "-c", f"import os; os.write({write}, b'ready')"],
        {},
        tmp_path / "log",
        tmp_path,
        pass_fds=(write,),
    )
    os.close(write)
    assert os.read(read, 10) == b"ready"
    os.close(read)
    until(lambda: launched.ended() is not None, timeout=60)


def test_the_log_is_appended_to(tmp_path: Path) -> None:
    for _ in range(2):
        launched = launch(["echo", "again"], {"PATH": os.environ["PATH"]}, tmp_path / "log", tmp_path)
        until(lambda: launched.ended() is not None, timeout=60)  # noqa: B023 -- used before it changes
    assert (tmp_path / "log").read_text() == "again\nagain\n"


def test_an_early_end_is_noticed(tmp_path: Path) -> None:
    launched = launch(["sh", "-c", "exit 5"], {"PATH": os.environ["PATH"]}, tmp_path / "log", tmp_path)
    until(lambda: launched.ended() is not None, timeout=60)
    assert launched.ended() == 5


def test_a_missing_program_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        launch(["no-such-program"], {"PATH": os.environ["PATH"]}, tmp_path / "log", tmp_path)


def test_a_log_is_not_written_through_a_symlink(tmp_path: Path) -> None:
    (tmp_path / "log").symlink_to(tmp_path / "precious")
    with pytest.raises(HybridError, match="is a link, not a file of ours"):
        launch(["echo"], {"PATH": os.environ["PATH"]}, tmp_path / "log", tmp_path)


def test_it_survives_the_hang_up_of_the_terminal_it_came_from(tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    starter = subprocess.Popen(
        ["setsid", "--ctty", sys.executable, "-c", LAUNCH, LOOK, str(tmp_path / "log")],
        stdin=theirs,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    os.close(theirs)
    with starter:
        assert starter.stdout
        pid = int(starter.stdout.readline())
        until(lambda: (tmp_path / "log").read_text().count("\n") == 2, timeout=60)
        identity = identify(pid)
        assert identity
        os.close(ours)
        starter.wait(60)
    try:
        assert same(identity)
        assert read_stat(pid).session == pid
    finally:
        os.kill(pid, 9)
