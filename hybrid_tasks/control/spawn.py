"""Starting the supervisor when one is needed, and waiting until it answers.

The supervisor takes its own lock for life, so there is never a second one. The lock here only keeps a hundred
commands from starting a hundred interpreters of which ninety-nine would find that out and end.

What the started program owes us (`python -P -m hybrid_tasks.supervisor --root R --ready FD`): one byte into FD
when it listens, or `BUSY` when another one holds the lock. The end of FD without a byte means that it died.
"""

from __future__ import annotations

import os
import select
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from hybrid_tasks.control import paths
from hybrid_tasks.control.client import Connection, reach
from hybrid_tasks.control.gate import PATIENCE, Gate, Stops, pauses
from hybrid_tasks.errors import HybridError, NotRunning, StoppedMeanwhile, WrongInput

READY = b"+"
BUSY = b"-"
LOG = "supervisor.log"

Launch = Callable[[Sequence[str], Mapping[str, str], Path, int], None]
"""Start a detached program: its arguments, environment, log file, and a descriptor it inherits."""


def ensure(
    root: Path,
    environ: Mapping[str, str] = os.environ,
    *,
    launch: Launch | None = None,
    patience: float = PATIENCE,
    stops: Stops | None = None,
) -> Connection:
    """Connect to the supervisor of a project, starting it when none runs.

    Args:
        root: the project's directory.
        environ: of this process; the supervisor gets it.
        launch: how to start it; None uses `process/detached.py`.
        patience: seconds until it must answer.
        stops: whether everything was asked to stop since the command began; None: since now.

    Returns:
        a connection; the caller closes it.

    Raises:
        WrongInput: root would start it for somebody else's project.
        HybridError: it died at its start, with the end of its log.
        NotRunning: it did not answer in time.
        StoppedMeanwhile: everything was asked to stop meanwhile.
    """
    refuse_foreign_root(root, environ)
    state = paths.own_folder(paths.state_dir(root, environ))
    deadline = time.monotonic() + patience
    stops = stops or Stops(root, environ)
    with Gate(state) as gate:
        for pause in pauses(deadline):
            if stops.came():
                raise StoppedMeanwhile
            if (connection := reach(root, environ)) is not None:
                return connection
            if gate.take() and (connection := _start(root, environ, launch or _detached, deadline)) is not None:
                return connection
            time.sleep(pause)
    raise NotRunning(
        f"the supervisor did not answer within {patience:g} s", f"its log: {state / LOG}; `inv dev-stop` ends it"
    )


def refuse_foreign_root(root: Path, environ: Mapping[str, str]) -> None:
    """Refuse to leave root's files in a user's project.

    Args:
        root: the project's directory.
        environ: of this process; `HYBRID_ALLOW_ROOT=1` allows it (a container, CI).

    Raises:
        WrongInput: we are root through sudo, or the folder belongs to a user.
    """
    if os.geteuid() != 0 or environ.get("HYBRID_ALLOW_ROOT") == "1":
        return
    owner = root.stat().st_uid
    if "SUDO_UID" in environ or owner != 0:
        raise WrongInput(
            f"root would run the services of user {environ.get('SUDO_UID', owner)} in `{root}`",
            "run it without sudo, or set HYBRID_ALLOW_ROOT=1 in a container or CI",
        )


def command(root: Path, *options: str) -> list[str]:
    """The arguments that start our supervisor; `-P`: a project's `json.py` must not become ours."""
    return [sys.executable, "-P", "-m", "hybrid_tasks.supervisor", "--root", os.fspath(root), *options]


def _detached(argv: Sequence[str], env: Mapping[str, str], log: Path, descriptor: int) -> None:
    from hybrid_tasks.process.detached import launch

    launch(argv, env, log, cwd=Path("/"), pass_fds=(descriptor,))


def _start(root: Path, environ: Mapping[str, str], launch: Launch, deadline: float) -> Connection | None:
    """Start one supervisor and wait for its byte; None: another one holds its lock, try again."""
    if (connection := reach(root, environ)) is not None:  # it came up while we waited for the gate
        return connection
    log = paths.state_dir(root, environ) / LOG
    written = _size(log)
    ours, theirs = os.pipe()
    try:
        try:
            launch(command(root, "--ready", str(theirs)), environ, log, theirs)
        finally:
            os.close(theirs)
        for pause in pauses(deadline):
            if (connection := reach(root, environ)) is not None:
                return connection
            if not select.select([ours], [], [], pause)[0]:
                continue
            word = os.read(ours, 1)
            if word == READY and (connection := reach(root, environ)) is not None:
                return connection
            if word == b"" and _size(log) > written:
                raise _died(log, written)
            return None
    finally:
        os.close(ours)
    return None


def _size(file: Path) -> int:
    try:
        return file.stat().st_size
    except OSError:
        return 0


def _died(log: Path, written: int) -> HybridError:
    with log.open("rb") as file:
        file.seek(max(written, _size(log) - 8192))
        lines = file.read().decode("utf-8", "replace").rstrip().splitlines()[-20:]
    excerpt = "".join(f"\n    {line}" for line in lines)
    return HybridError(f"the supervisor ended at its start:{excerpt}", f"the whole log: {log}")
