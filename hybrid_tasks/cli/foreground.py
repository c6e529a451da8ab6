"""`dev-start --foreground`: the log is shown until Ctrl+C; the end of the connection, however it comes, stops all."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from hybrid_tasks.cli.acting import converse
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
    with connect(root, start=True) as connection:
        try:
            converse(connection, "start", {**args, "attached": True}, as_json=False)
            interrupted = _follow(root, connection, began)
        except KeyboardInterrupt:
            interrupted = True
        if interrupted:
            return _stop(root)
    return Code.DONE


def _follow(root: Path, connection: Connection, since: float) -> bool:
    """Show the log until the supervisor hangs up; True after Ctrl+C."""
    from hybrid_tasks.logs.query import Query
    from hybrid_tasks.logs.show import show

    query = Query(since=since, follow=True)
    out = sys.stdout.buffer
    code = show(hybrid_dir(root, os.environ) / "logs", query, out, is_terminal(sys.stdout), ended=connection.hung_up)
    return code == Code.INTERRUPTED


def _stop(root: Path) -> int:
    """Stop what runs; a second Ctrl+C does not wait for anybody's grace."""
    print("\nstopping (Ctrl+C again: at once)", file=sys.stderr)
    try:
        call(root, "stop", {"services": []}, environ=os.environ)
    except KeyboardInterrupt:
        print("\nkilling", file=sys.stderr)
        with contextlib.suppress(HybridError, KeyboardInterrupt):
            call(root, "stop", {"services": [], "kill": True}, environ=os.environ)
    except HybridError:
        pass  # it ended while we asked
    return Code.INTERRUPTED
