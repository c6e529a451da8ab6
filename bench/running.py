"""Programs that a bench starts itself: in a session of their own, found again by a mark, ended by pid."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

MARK = "HYBRID_BENCH_RUN"


class Program:
    """A program with everything it starts.

    Args:
        words: its command.
        cwd: where it runs.
        env: its environment; a mark is added.
        log: where its output goes; None: nowhere.
        keep: descriptors that it inherits.
    """

    def __init__(
        self,
        words: Sequence[str],
        cwd: Path,
        env: Mapping[str, str],
        log: Path | None = None,
        keep: tuple[int, ...] = (),
    ) -> None:
        self._mark = uuid.uuid4().hex
        with contextlib.ExitStack() as stack:
            out = stack.enter_context(log.open("ab")) if log else subprocess.DEVNULL
            self.child = subprocess.Popen(
                words,
                cwd=cwd,
                env={**env, MARK: self._mark},
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                start_new_session=True,
                pass_fds=keep,
            )

    @property
    def pid(self) -> int:
        """Its process."""
        return self.child.pid

    def kill(self) -> None:
        """Kill it alone, and wait for its end: what somebody by hand does to a single process."""
        self.child.kill()
        self.child.wait()

    def stop(self, grace: float = 5.0) -> float:
        """End it politely and wait; kill what is left of it then.

        Returns:
            the seconds until nothing was left.
        """
        begin = time.perf_counter()
        if self.child.poll() is None:
            self.child.send_signal(signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.child.wait(grace)
        while left := self.members():
            if time.perf_counter() - begin > grace:
                for pid in left:
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(pid, signal.SIGKILL)
            time.sleep(0.005)
            self.child.poll()
        return time.perf_counter() - begin

    def members(self) -> list[int]:
        """Every process that carries the mark."""
        wanted = f"{MARK}={self._mark}".encode()
        found = []
        for entry in Path("/proc").glob("[0-9]*/environ"):
            with contextlib.suppress(OSError):
                if wanted in entry.read_bytes().split(b"\0"):
                    found.append(int(entry.parent.name))
        return found


@contextlib.contextmanager
def running(words: Sequence[str], cwd: Path, env: Mapping[str, str], log: Path | None = None) -> Iterator[Program]:
    """A program that is ended afterwards, with everything it started."""
    program = Program(words, cwd, env, log)
    try:
        yield program
    finally:
        program.stop(1.0)
