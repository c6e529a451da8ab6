"""What `dev-start`, `dev-restart` and `dev-wait` share: ask, show what happens, say how it ended."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hybrid_tasks.cli.paint import Paint, is_live
from hybrid_tasks.cli.progress import Progress
from hybrid_tasks.cli.summary import summary
from hybrid_tasks.control.client import Connection, connect
from hybrid_tasks.control.messages import ask
from hybrid_tasks.errors import NotRunning
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
    for _ in range(TRIES):
        with connect(root, start=start) as connection:
            try:
                return converse(connection, op, args, as_json=as_json)
            except NotRunning:
                # It was about to end when we came. One that had begun to act has said so before it ended.
                if not start or connection.heard:
                    raise
    raise NotRunning("the supervisor ends as soon as it is started", "its log tells why: `inv dev-doctor`")


def converse(connection: Connection, op: str, args: Mapping[str, object], *, as_json: bool) -> int:
    """The same over a connection that the caller keeps."""
    out = sys.stdout
    progress = Progress(out, is_live(out), Paint.of(out))
    try:
        result, code = connection.ask(
            ask(op, args, os.environ),
            on_event=_note if as_json else progress.hear,
            on_tick=None if as_json else progress.tick,
        )
    finally:
        progress.clear()
    told: dict[str, Any] = result if isinstance(result, dict) else {}
    lines = [json.dumps(receipt) for receipt in told.get("receipts") or ()] if as_json else summary(told, Paint.of(out))
    out.write("".join(f"{line}\n" for line in lines))
    out.flush()
    return code


def _note(event: Event) -> None:
    if event.kind == "note" and sys.stderr is not None:
        print(event.data.get("text", ""), file=sys.stderr)
