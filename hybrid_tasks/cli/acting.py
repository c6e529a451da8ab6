"""What `dev-start`, `dev-restart` and `dev-wait` share: ask, show what happens, say how it ended."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hybrid_tasks.cli.interrupts import Presses
from hybrid_tasks.cli.paint import Paint, is_live
from hybrid_tasks.cli.progress import Progress
from hybrid_tasks.cli.reloaded import reloaded
from hybrid_tasks.cli.summary import changed_configuration, interrupted, summary
from hybrid_tasks.control.client import Connection, connect
from hybrid_tasks.control.messages import ask
from hybrid_tasks.errors import Code, HybridError, NotRunning
from hybrid_tasks.model.events import Event

TRIES = 3


def act(root: Path, op: str, args: Mapping[str, object], *, start: bool, as_json: bool) -> int:
    """Ask for something that takes its time.

    Args:
        root: the project's directory.
        op: `start`, `restart` or `wait`.
        args: its arguments.
        start: start a supervisor when none runs.
        as_json: print the receipts, one JSON object a line, instead of words.

    Returns:
        the exit code.
    """
    if op == "start":
        with Presses() as presses:
            return _act(root, op, args, start=start, as_json=as_json, presses=presses)
    return _act(root, op, args, start=start, as_json=as_json)


def _act(
    root: Path, op: str, args: Mapping[str, object], *, start: bool, as_json: bool, presses: Presses | None = None
) -> int:
    for _ in range(TRIES):
        with connect(root, start=start) as connection:
            try:
                return converse(connection, op, args, as_json=as_json, presses=presses)[1]
            except HybridError as error:
                # It was about to end when we came. One that had begun to act has said so before it ended.
                if error.code != Code.UNREACHABLE or not start or connection.heard:
                    raise
                last = error
    if not isinstance(last, NotRunning):
        raise last
    raise NotRunning("the supervisor ends as soon as it is started", "its log tells why: `inv dev-doctor`")


def converse(
    connection: Connection, op: str, args: Mapping[str, object], *, as_json: bool, presses: Presses | None = None
) -> tuple[dict[str, Any], int]:
    """The same over a connection that the caller keeps.

    Args:
        connection: to the supervisor.
        op: `start`, `restart` or `wait`.
        args: its arguments.
        as_json: print the receipts, one JSON object a line, instead of words.
        presses: each Ctrl+C cancels the request; None: it interrupts us, and the request goes on.

    Returns:
        the result and the exit code.
    """
    out, began = sys.stdout, time.time()
    progress = Progress(out, is_live(out), Paint.of(out))

    def tick() -> None:
        if not as_json:
            progress.tick()
        if presses is not None:
            presses.pass_on(connection, progress.line if progress.live else None)

    try:
        result, code = connection.ask(
            ask(op, args, os.environ), on_event=_note if as_json else progress.hear, on_tick=tick
        )
    finally:
        progress.clear()
    told: dict[str, Any] = result if isinstance(result, dict) else {}
    if code == Code.INTERRUPTED:
        if not as_json:
            print(interrupted(told), flush=True)
        return told, code
    if as_json:
        lines = [json.dumps(receipt) for receipt in told.get("receipts") or ()]
    else:
        paint = Paint.of(out)
        lines = reloaded(told, paint, began) if args.get("reload") else summary(told, paint, progress.took(), began)
        lines += changed_configuration(told, paint)
    out.write("".join(f"{line}\n" for line in lines))
    out.flush()
    return told, code


def _note(event: Event) -> None:
    if event.kind == "note" and sys.stderr is not None:
        print(event.data.get("text", ""), file=sys.stderr)
