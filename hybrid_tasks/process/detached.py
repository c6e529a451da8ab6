"""Starting a process that outlives the one that starts it, its terminal and its session."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from hybrid_tasks.process.ownfile import opened


class Detached:
    """A process that goes on without us.

    Args:
        process: the process.
    """

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process
        self.pid = process.pid

    def ended(self) -> int | None:
        """Its exit code if it has ended already, else None."""
        return self._process.poll()

    def __del__(self) -> None:
        # Letting it run is the point; subprocess would warn of it.
        if self._process.poll() is None:
            self._process.returncode = 0


def launch(argv: Sequence[str], env: Mapping[str, str], log: Path, cwd: Path, pass_fds: Sequence[int] = ()) -> Detached:
    """Start a process in a session of its own, with nothing of ours open.

    Args:
        argv: the program and its arguments.
        env: its complete environment.
        log: the file that its output is appended to; made, for its owner only, when it is missing.
        cwd: the directory it runs in.
        pass_fds: descriptors of ours it inherits under the same numbers.

    Returns:
        a handle by which an early end can be noticed; it may be dropped.

    Raises:
        OSError: the log cannot be opened, or the program not executed.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    output = opened(log, os.O_WRONLY | os.O_APPEND)
    try:
        process = subprocess.Popen(
            list(argv),
            env=dict(env),
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
            pass_fds=pass_fds,
        )
    finally:
        os.close(output)
    return Detached(process)
