"""What to run, and how it ended."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from hybrid_tasks.model.command import Command
from hybrid_tasks.model.service import Stop

FIRST_LISTENER = 3
"""The descriptor of a job's first listener, as in sd_listen_fds(3)."""


@dataclass(frozen=True, slots=True)
class JobSpec:
    """What to run for a service.

    Args:
        service: the service's name.
        role: `instance`, `check`, `build`, `probe`, `step`, `test`, `warm`, `follower`, `prepare`,
            `sidecar`, `release` or `stop`.
        command: the program (argv and directory).
        env: its complete environment; only our marks and LISTEN_* are added.
        log_dir: the directory of the service's logs.
        stop: how it is asked to end.
        listeners: sockets that become its descriptors 3, 4, ...
        check: source files that a warm parent compiles first; the first mistake is the end of the instance.
        log_cap: bytes that all logs in `log_dir` may take.
    """

    service: str
    role: str
    command: Command
    env: Mapping[str, str]
    log_dir: Path
    stop: Stop = Stop()
    listeners: tuple[socket.socket, ...] = ()
    check: tuple[Path, ...] = ()
    log_cap: int = 256 << 20

    @property
    def names(self) -> str:
        """The value of its LISTEN_FDNAMES."""
        return ":".join([self.service] * len(self.listeners))

    def refused(self, said: str) -> bool:
        """Whether what it said last is that its source does not compile: nothing of it ever ran."""
        return said.startswith(tuple(f"{file}:" for file in self.check))


@dataclass(frozen=True, slots=True)
class Exit:
    """How a job ended.

    Args:
        code: the program's exit code, negative for a signal, as in subprocess.
        leftovers: descendants that had to be ended after it.
        killed: whether SIGKILL was needed.
        survivors: pids that outlived even SIGKILL: they hang in the kernel, or are another user's.
        dropped: log lines lost to a full disk.
    """

    code: int
    leftovers: int = 0
    killed: bool = False
    survivors: tuple[int, ...] = ()
    dropped: int = 0
