"""Putting a played supervisor on and looking for what it leaves, without trusting our own bookkeeping."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import pty
import re
import secrets
import select
import signal
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

PLAYED = Path(__file__).with_name("played.py")
PID = re.compile(rb"^pid (\d+)$", re.MULTILINE)


class Play:
    """A running played supervisor and what it has told so far."""

    def __init__(self, process: subprocess.Popen[bytes], logs: Path, project: str, terminal: int | None) -> None:
        self.process = process
        self.logs = logs
        self.project = project
        self.terminal = terminal
        self.told: list[dict[str, Any]] = []
        self._pending = b""

    def hear(self, enough: Callable[[], Any], timeout: float = 60) -> Any:
        """Listen until this is true of what it has told."""
        assert self.process.stdout
        deadline = time.monotonic() + timeout
        while not (answer := enough()):
            left = deadline - time.monotonic()
            assert left > 0, f"in {timeout} s only {self.told}"
            if select.select([self.process.stdout], [], [], left)[0]:
                data = os.read(self.process.stdout.fileno(), 65536)
                assert data, f"it ended and told only {self.told}"
                *lines, self._pending = (self._pending + data).split(b"\n")
                self.told += map(json.loads, lines)
        return answer

    def of(self, key: str) -> list[Any]:
        """Everything told under this key."""
        return [message[key] for message in self.told if key in message]

    def ready(self) -> dict[str, Any]:
        self.hear(lambda: self.of("ready"))
        return self.of("ready")[0]

    def exits(self, count: int) -> dict[str, dict[str, Any]]:
        """The exits by shape, once there are this many."""
        self.hear(lambda: len(self.of("exit")) >= count)
        return {told["name"]: told for told in self.of("exit")}

    def output(self, shape: str) -> list[str]:
        return [line for log in sorted((self.logs / shape).glob("*.log")) for line in log.read_text().splitlines()]

    def survivors(self) -> set[int]:
        """What lives of it: by the marks in /proc, and by the numbers the shapes have told their logs."""
        marked = {pid for pid in _pids() if f"HYBRID_PROJECT={self.project}".encode() in _read(pid, "environ")}
        told = {int(number) for log in self.logs.glob("*/*.log") for number in PID.findall(log.read_bytes())}
        return marked | {pid for pid in told if b"zoo.py" in _read(pid, "cmdline")}

    def hang_up(self) -> None:
        """Close its terminal."""
        assert self.terminal is not None
        os.close(self.terminal)
        self.terminal = None

    def press(self, keys: bytes) -> None:
        assert self.terminal is not None
        os.write(self.terminal, keys)


@contextlib.contextmanager
def play(tmp_path: Path, *shapes: str, grace: float = 2.0, terminal: bool = False) -> Iterator[Play]:
    """A played supervisor with these shapes, on a terminal of its own if wanted; nothing survives the block."""
    ours, theirs = pty.openpty() if terminal else (None, subprocess.DEVNULL)
    project = secrets.token_hex(8)
    process = subprocess.Popen(
        [sys.executable, str(PLAYED), str(tmp_path), project, str(grace), *shapes],
        stdin=theirs,
        stdout=subprocess.PIPE,
        start_new_session=True,
        preexec_fn=(lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0)) if terminal else None,  # noqa: PLW1509 -- no threads here
    )
    if terminal:
        os.close(theirs)
    one = Play(process, tmp_path, project, ours)
    try:
        with process:
            try:
                yield one
            finally:
                process.kill()
    finally:
        if one.terminal is not None:
            os.close(one.terminal)
        for pid in one.survivors():  # a test has failed; the next one must not suffer
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def _pids() -> list[int]:
    return [int(entry.name) for entry in Path("/proc").glob("[0-9]*")]


def _read(pid: int, name: str) -> bytes:
    try:
        return Path(f"/proc/{pid}/{name}").read_bytes()
    except OSError:
        return b""
