"""`dev-start --foreground`: the log is shown until Ctrl+C; the end of the connection, however it comes, stops all."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO

from hybrid_tasks.cli.acting import converse
from hybrid_tasks.cli.interrupts import PressedAgain, Presses, say
from hybrid_tasks.cli.paint import Paint, harmless, is_terminal
from hybrid_tasks.cli.summary import entries
from hybrid_tasks.control.client import Connection, call, connect
from hybrid_tasks.control.paths import hybrid_dir
from hybrid_tasks.errors import Code, HybridError
from hybrid_tasks.logs.query import Query
from hybrid_tasks.logs.show import show

LAST = 10
"""Lines of each service that ran before, from the last `RECENT` seconds."""
RECENT = 3600.0


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
            attached = {**args, "attached": True}
            result, code = converse(connection, "start", attached, as_json=False, presses=presses)
            if code == Code.INTERRUPTED:  # what it had begun is stopped already
                return code
            _introduce(root, result, began)
            _follow(root, connection, began, presses)
            if presses.count:
                _stop(root, presses)
        return Code.INTERRUPTED if presses.count else Code.DONE


def _introduce(root: Path, result: Mapping[str, Any], began: float) -> None:
    """Say what is shown from here on, and the last lines of what ran before: it may say nothing for long."""
    services = [(str(service.get("name")), service.get("since")) for service in entries(result, "services")]
    earlier = tuple(name for name, since in services if since is not None and float(since) < began)
    if earlier:
        print(f"ran already: {', '.join(' '.join(harmless(name)) for name in earlier)}; the last lines of each:")
        query = Query(services=earlier, since=began - RECENT, until=began, tail=LAST)
        show(_logs(root), query, *_out(), configured=lambda: earlier)
    if is_terminal(sys.stdout):
        print("the log follows; Ctrl+C stops all services")
    sys.stdout.flush()


def _follow(root: Path, connection: Connection, since: float, presses: Presses) -> None:
    """Show the log until the supervisor hangs up or Ctrl+C is pressed."""
    with contextlib.suppress(KeyboardInterrupt), presses.interrupting():
        show(_logs(root), Query(since=since, follow=True), *_out(), ended=connection.hung_up)


def _logs(root: Path) -> Path:
    return hybrid_dir(root, os.environ) / "logs"


def _out() -> tuple[BinaryIO, bool]:
    """Where the log goes, and whether its colours may be shown there."""
    sys.stdout.flush()
    return sys.stdout.buffer, Paint.of(sys.stdout).on


def _stop(root: Path, presses: Presses) -> None:
    """Stop what runs, and say so; a second Ctrl+C does not wait for anybody's grace."""
    say("stopping (Ctrl+C again: at once)")
    result: object = {}
    with contextlib.suppress(HybridError):  # it ended while we asked
        try:
            result, _ = call(root, "stop", {"services": []}, on_tick=presses.again, environ=os.environ)
        except PressedAgain:
            say("killing")
            result, _ = call(root, "stop", {"services": [], "kill": True}, environ=os.environ)
    print(_stopped(result), flush=True)


def _stopped(result: object) -> str:
    names = [str(service.get("name")) for service in entries(result if isinstance(result, dict) else {}, "services")]
    return f"stopped {', '.join(' '.join(harmless(name)) for name in names)}" if names else "stopped"
