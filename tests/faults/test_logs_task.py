"""`inv dev-logs` itself: pipes that close, terminals, and what it does without."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from logreaders import line, numbers
from logwriter import EPOCH, JobWriter


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "tasks.py").write_text("from hybrid_tasks import tasks\n\nns = tasks()\n")
    (tmp_path / "hybrid.toml").write_text('[services.api]\ncommand = ["true"]\n')
    return tmp_path


def dev_logs(*words: str) -> list[str]:
    return [sys.executable, "-m", "invoke", "dev-logs", *words]


def environment(project: Path) -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "HOME": str(project), "TERM": "xterm", "PYTHONWARNINGS": "default"}


@pytest.mark.parametrize("words", [("-f", "--tail", "all"), ()])
def test_head_takes_what_it_wants_and_nobody_complains(project: Path, words: tuple[str, ...]) -> None:
    JobWriter(project / ".hybrid" / "logs").write(b"".join(line(n) for n in range(20_000)))
    command = " ".join(dev_logs(*words)) + " | head -n 2"
    done = subprocess.run(
        ["bash", "-c", command], cwd=project, env=environment(project), capture_output=True, timeout=60
    )
    assert numbers(done.stdout) == [0, 1]
    assert done.stderr == b""


def test_a_follower_ends_when_its_reader_is_gone_though_nothing_comes(project: Path) -> None:
    JobWriter(project / ".hybrid" / "logs").write("api\n")
    process = subprocess.Popen(
        dev_logs("-f"), cwd=project, env=environment(project), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"api | api\n"
    process.stdout.close()
    assert process.stderr is not None
    assert process.stderr.read() == b""
    process.stderr.close()
    assert process.wait(60) == 0


class Terminal:
    """`inv dev-logs` on a terminal of its own."""

    def __init__(self, project: Path, *words: str) -> None:
        self.ours, self.theirs = pty.openpty()
        settings = termios.tcgetattr(self.theirs)
        settings[1] &= ~termios.OPOST
        termios.tcsetattr(self.theirs, termios.TCSANOW, settings)
        # The terminal becomes the controlling one of the new session when its leader opens it.
        script = ["setsid", "sh", "-c", 'exec "$@" <"$0" >"$0" 2>&1', os.ttyname(self.theirs), *dev_logs(*words)]
        self.process = subprocess.Popen(script, cwd=project, env=environment(project))
        self.read = b""

    def until(self, end: bytes, timeout: float = 60) -> None:
        deadline = time.monotonic() + timeout
        while end not in self.read:
            ready, _, _ = select.select([self.ours], [], [], max(0.0, deadline - time.monotonic()))
            assert ready, f"{end!r} did not come: {self.read!r}"
            self.read += os.read(self.ours, 1 << 16)

    def close(self) -> None:
        for fd in (self.ours, self.theirs):
            if fd >= 0:
                os.close(fd)
        self.ours = self.theirs = -1


@pytest.fixture
def terminal(project: Path) -> Iterator[Callable[..., Terminal]]:
    opened: list[Terminal] = []

    def open_one(*words: str) -> Terminal:
        opened.append(Terminal(project, *words))
        return opened[-1]

    yield open_one
    for each in opened:
        each.process.kill()
        each.process.wait()
        each.close()


def test_ctrl_c_on_a_terminal_ends_with_130_and_says_nothing(project: Path, terminal: Callable[..., Terminal]) -> None:
    JobWriter(project / ".hybrid" / "logs").write(b"\x1b[32mgreen\x1b]0;owned\x07\n")
    following = terminal("-f")
    following.until(b"green\x1b[0m\n")
    os.write(following.ours, b"\x03")
    assert following.process.wait(60) == 130
    following.until(b"^C\x1b[0m\n")
    assert following.read.endswith(b"green\x1b[0m\n^C\x1b[0m\n")
    assert b"owned" not in following.read


def test_a_closed_terminal_ends_the_follower(project: Path, terminal: Callable[..., Terminal]) -> None:
    JobWriter(project / ".hybrid" / "logs").write("there\n")
    following = terminal("-f")
    following.until(b"there")
    following.close()
    following.process.wait(60)


def test_logs_are_read_without_supervisor_and_with_a_broken_configuration(project: Path) -> None:
    JobWriter(project / ".hybrid" / "logs", started=EPOCH).write("here\n").end()
    (project / "hybrid.toml").write_text("this is [ no toml")
    done = subprocess.run(dev_logs("api"), cwd=project, env=environment(project), capture_output=True, timeout=60)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"api | here\n", b"")


def test_nothing_heavy_is_loaded_to_read_logs(tmp_path: Path) -> None:
    code = (
        "import sys, hybrid_tasks.logs.show, hybrid_tasks.logs.asking, hybrid_tasks.logs.store;"
        "print(sorted({'pydantic', 'asyncio', 'watchdog', 'invoke', 'pluggy', 'psutil', 'difflib'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, timeout=60, cwd=tmp_path)
    assert done.stdout == b"[]\n", done.stderr
