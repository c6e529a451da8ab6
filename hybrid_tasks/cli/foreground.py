"""`dev-start --foreground`: the log is shown until Ctrl+C; the end of the connection, however it comes, stops all."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from hybrid_tasks.cli.acting import converse
from hybrid_tasks.cli.interrupts import PressedAgain, Presses, say
from hybrid_tasks.cli.paint import is_terminal
from hybrid_tasks.control.client import Connection, call, connect
from hybrid_tasks.control.paths import hybrid_dir
from hybrid_tasks.errors import Code, HybridError


def stay(root: Path, args: Mapping[str, object]) -> int:
    """Start services and stay attached to them.

    Args:
        root: the project's directory.
        args: of `start`.

    Returns:
        130 after Ctrl+C, else 0: somebody else stopped them, or nobody reads the log any more.
    """
    began = time.time()
    with Presses() as presses:
        with connect(root, start=True) as connection:
            converse(connection, "start", {**args, "attached": True}, as_json=False, presses=presses)
            _follow(root, connection, began, presses)
            if presses.count:
                _stop(root, presses)
        return Code.INTERRUPTED if presses.count else Code.DONE


def _follow(root: Path, connection: Connection, since: float, presses: Presses) -> None:
    """Show the log until the supervisor hangs up or Ctrl+C is pressed."""
    from hybrid_tasks.logs.query import Query
    from hybrid_tasks.logs.show import show

    query = Query(since=since, follow=True)
    out = sys.stdout.buffer
    with contextlib.suppress(KeyboardInterrupt), presses.interrupting():
        show(hybrid_dir(root, os.environ) / "logs", query, out, is_terminal(sys.stdout), ended=connection.hung_up)


def _stop(root: Path, presses: Presses) -> None:
    """Stop what runs; a second Ctrl+C does not wait for anybody's grace."""
    say("stopping (Ctrl+C again: at once)")
    with contextlib.suppress(HybridError):  # it ended while we asked
        try:
            call(root, "stop", {"services": []}, on_tick=presses.again, environ=os.environ)
        except PressedAgain:
            say("killing")
            call(root, "stop", {"services": [], "kill": True}, environ=os.environ)
