"""Asking without a supervisor: a child process loads the project, answers one request and ends."""

from __future__ import annotations

import contextlib
import os
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

from hybrid_tasks.control import codec, messages
from hybrid_tasks.control.client import OnEvent, final, reach
from hybrid_tasks.control.spawn import command
from hybrid_tasks.errors import Code, HybridError


def consult(
    root: Path,
    op: str,
    args: Mapping[str, object],
    on_event: OnEvent | None = None,
    environ: Mapping[str, str] = os.environ,
    *,
    alone: bool = False,
) -> tuple[object, int]:
    """Ask the supervisor when one runs, else `python -m hybrid_tasks.supervisor --once`.

    Args:
        root: the project's directory.
        op: one of `messages.OPERATIONS`.
        args: its arguments.
        on_event: called with every event.
        environ: of this process.
        alone: ask the child also when a supervisor runs.

    Returns:
        the result and the exit code.

    Raises:
        HybridError: what was answered, or that the child died, with the end of what it said.
    """
    request = messages.ask(op, args, environ)
    connection = None if alone else reach(root, environ)
    if connection is not None:
        with connection:
            return connection.ask(request, on_event=on_event)
    with (
        tempfile.TemporaryFile() as said,
        subprocess.Popen(
            command(root, "--once"),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=said,
            env=dict(environ),
        ) as child,
    ):
        if child.stdin is None or child.stdout is None:
            raise HybridError("the child that loads the project has no pipes", code=Code.UNEXPECTED)
        with contextlib.suppress(BrokenPipeError):  # it died before it read: its words say why
            child.stdin.write(codec.encode(request.as_json()))
            child.stdin.close()
        for line in child.stdout:
            message = _read(line)
            if "event" not in message:
                return final(message)
            if on_event is not None:
                on_event(messages.read_event(message["event"]))
        child.wait()
        said.seek(0)
        excerpt = "".join(f"\n    {line}" for line in said.read().decode("utf-8", "replace").splitlines()[-20:])
    raise HybridError(f"the project could not be loaded (exit {child.returncode}):{excerpt}", code=Code.UNEXPECTED)


def _read(line: bytes) -> dict[str, object]:
    try:
        return codec.decode(line, codec.REPLY_LIMIT)
    except HybridError as error:
        words = f"the child that loads the project does not make sense: {error}"
        raise HybridError(words, "does a plugin print to standard output?", Code.UNEXPECTED) from None
