"""Which process is which, and whose."""

from __future__ import annotations

import ctypes
import dataclasses
import os
import subprocess
import sys
from pathlib import Path

import pytest
from waiting import until

from hybrid_tasks.process.identity import (
    Marks,
    boot_id,
    carrying,
    descendants,
    environment_marks,
    identify,
    marked,
    project_identity,
    read_stat,
    same,
)

MARKS = {"HYBRID_PROJECT": "feedfeedfeedfeed", "HYBRID_SERVICE": "api", "HYBRID_RUN": "abcdefabcdef"}


def test_a_process_is_itself_and_no_other() -> None:
    with subprocess.Popen(["sleep", "1000"]) as process:
        identity = identify(process.pid)
        assert identity
        assert same(identity)
        assert identity.boot == boot_id()
        assert not same(dataclasses.replace(identity, ticks=identity.ticks + 1))
        assert not same(dataclasses.replace(identity, boot="another"))
        process.kill()
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        assert identify(process.pid) is None, "a zombie runs no more"
        assert not same(identity)
    assert read_stat(process.pid) is None


@pytest.mark.parametrize("name", [b"a b", b") R 1 (", b"))))", b"\xff\n"])
def test_a_name_cannot_spoil_the_figures(name: bytes) -> None:
    read, write = os.pipe()
    done, end = os.pipe()
    pid = os.fork()
    if pid == 0:
        ctypes.CDLL(None).prctl(15, name, 0, 0, 0)
        os.write(write, b"x")
        os.close(end)
        os.read(done, 1)
        os._exit(0)
    try:
        os.read(read, 1)
        stat = read_stat(pid)
        assert stat
        assert (stat.parent, stat.session) == (os.getpid(), os.getsid(0))
        assert stat.state in "SR"
    finally:
        for descriptor in (read, write, done, end):
            os.close(descriptor)
        os.waitpid(pid, 0)


def test_marks_are_read_from_the_environment() -> None:
    with (
        subprocess.Popen(["sleep", "1000"], env=MARKS) as process,
        subprocess.Popen(["sleep", "1000"], env={}) as plain,
    ):
        until(lambda: environment_marks(process.pid))
        assert environment_marks(process.pid) == Marks("feedfeedfeedfeed", "api", "abcdefabcdef")
        assert environment_marks(plain.pid) is None
        identity = identify(process.pid)
        assert marked("feedfeedfeedfeed") == [(identity, Marks("feedfeedfeedfeed", "api", "abcdefabcdef"))]
        assert marked("feedfeedfeedfee") == []
        assert carrying("abcdefabcdef") == [identity]
        process.kill()
        plain.kill()
    assert environment_marks(process.pid) is None
    assert marked("feedfeedfeedfeed") == []


def test_a_run_mark_in_another_value_is_no_mark() -> None:
    env = {"NOTE": "HYBRID_RUN=abcdefabcdef", "OLD_HYBRID_RUN": "abcdefabcdef", "HYBRID_PROJECT": "feedfeedfeedfeed"}
    with subprocess.Popen(["sleep", "1000"], env=env) as process:
        until(lambda: Path(f"/proc/{process.pid}/cmdline").read_bytes().startswith(b"sleep"))
        assert environment_marks(process.pid) is None
        process.kill()


def test_descendants_are_found_at_any_depth() -> None:
    with subprocess.Popen(["sh", "-c", "setsid sh -c 'sleep 1000 & wait' & sleep 1000 & wait"]) as process:
        # All are there once both sleep: setsid and the shells between may come and go until then.
        found = until(lambda: (all_ := descendants(process.pid)) and _sleeping(all_) == 2 and all_)
        assert process.pid not in found
        assert process.pid in descendants(os.getpid()) or read_stat(process.pid).parent == os.getpid()
        for pid in {process.pid, *descendants(process.pid)}:
            os.kill(pid, 9)


def _sleeping(pids: set[int]) -> int:
    names = [Path(f"/proc/{pid}/comm") for pid in pids]
    return sum(name.read_text() == "sleep\n" for name in names if name.exists())


def test_a_project_is_its_directory_by_whatever_path(tmp_path: Path) -> None:
    root, other = tmp_path / "root", tmp_path / "other"
    root.mkdir()
    other.mkdir()
    (tmp_path / "link").symlink_to(root)
    identity = project_identity(root)
    assert len(identity) == 16
    assert int(identity, 16) >= 0
    assert project_identity(tmp_path / "link") == project_identity(other / ".." / "root") == identity
    assert project_identity(other) != identity
    root.rename(tmp_path / "moved")
    assert project_identity(tmp_path / "moved") != identity
    with pytest.raises(OSError, match="No such file"):
        project_identity(root)


def test_it_is_light() -> None:
    code = (
        "import sys, hybrid_tasks.process.identity, hybrid_tasks.process.terminal, hybrid_tasks.process.detached;"
        "print(*sys.modules)"
    )
    loaded = set(
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    )
    assert not {"asyncio", "pydantic", "psutil", "watchdog", "pluggy", "rich", "ctypes"} & loaded
