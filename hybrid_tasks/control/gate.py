"""The gate between commands that start a supervisor and those that stop one: who is on the way, and who gave it up.

Its file is locked by the one command that starts a supervisor, which the end of that command undoes, however it
comes; and it holds when everything was asked to stop last, which starts that began before heed.
"""

from __future__ import annotations

import errno
import fcntl
import os
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from hybrid_tasks.control import paths
from hybrid_tasks.control.client import Connection, reach
from hybrid_tasks.errors import NotRunning
from hybrid_tasks.process.ownfile import opened

GATE = "starting"
FIRST_PAUSE, LONGEST_PAUSE = 0.005, 0.1
PATIENCE = 60.0
CUT = "stopped a start that had only begun"
"""What a stop says when there was nothing else to stop."""
_LONGEST = 64


class Stops:
    """Whether everything was asked to stop since this was made.

    Args:
        root: the project's directory.
        environ: decides where its state is.
    """

    def __init__(self, root: Path, environ: Mapping[str, str]) -> None:
        self._file = paths.state_dir(root, environ) / GATE
        self._before = self._read()

    def came(self) -> bool:
        """Look again."""
        return self._read() != self._before

    def _read(self) -> bytes:
        try:
            with self._file.open("rb") as file:
                return file.read(_LONGEST)
        except OSError:
            return b""


class Gate:
    """The gate of one project, for one command.

    Args:
        folder: the state folder of the project.
    """

    def __init__(self, folder: Path) -> None:
        self._descriptor = opened(folder / GATE, os.O_RDWR)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        os.close(self._descriptor)

    def take(self) -> bool:
        """Become the one that starts a supervisor; False: somebody else is."""
        return self._locked(fcntl.LOCK_EX)

    def taken(self) -> bool:
        """Whether somebody else is starting a supervisor."""
        if not self._locked(fcntl.LOCK_SH):
            return True
        fcntl.flock(self._descriptor, fcntl.LOCK_UN)
        return False

    def stop(self) -> None:
        """Have every start that has begun by now give up."""
        os.pwrite(self._descriptor, b"%d" % time.time_ns(), 0)

    def _locked(self, how: int) -> bool:
        try:
            fcntl.flock(self._descriptor, how | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno in {errno.EAGAIN, errno.EACCES}:
                return False
            raise
        return True


def pauses(deadline: float) -> Iterator[float]:
    """Give the seconds to wait before each further look, until the time is over (monotonic seconds)."""
    pause = FIRST_PAUSE
    while time.monotonic() < deadline:
        yield pause
        pause = min(pause * 1.5, LONGEST_PAUSE)


def reach_for_stop(
    root: Path, environ: Mapping[str, str] = os.environ, *, everything: bool, patience: float = PATIENCE
) -> tuple[Connection | None, bool]:
    """Connect to the supervisor of a project, also to one that somebody is only starting.

    Args:
        root: the project's directory.
        environ: of this process.
        everything: have starts that are under way give up, too.
        patience: seconds for a start that is under way.

    Returns:
        a connection, or None when no supervisor runs; and whether a start was under way.

    Raises:
        NotRunning: a start neither ended nor came to anything.
    """
    try:
        gate = Gate(paths.state_dir(root, environ))
    except OSError:  # nothing was ever started here, or nothing can be
        return reach(root, environ), False
    waited = False
    with gate:
        if everything:
            gate.stop()
        for pause in pauses(time.monotonic() + patience):
            if (connection := reach(root, environ)) is not None:
                return connection, waited
            if not gate.taken():
                return None, waited
            waited = True
            time.sleep(pause)
    raise NotRunning(
        f"a start is under way, and its supervisor did not answer within {patience:g} s", "end that command, then again"
    )
