"""One answer without a supervisor: the same request and the same frames, over standard input and output."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import BinaryIO

from hybrid_tasks.control import codec, messages
from hybrid_tasks.errors import Code, HybridError, NotRunning
from hybrid_tasks.supervisor.answers import ANSWERS
from hybrid_tasks.supervisor.loaded import load
from hybrid_tasks.supervisor.sweep import swept


def answer(root: Path, source: BinaryIO, target: BinaryIO) -> int:
    """Read a request, load the project, answer.

    Args:
        root: the project's directory.
        source: one frame.
        target: takes the last frame.

    Returns:
        the exit code, which the frame holds too.
    """
    try:
        request = messages.read_request(codec.decode(source.readline(codec.REQUEST_LIMIT)))
        if request.op == "init":
            from hybrid_tasks.supervisor.discovery import discovered

            value = discovered(root, dict(request.env or os.environ))
        elif request.op == "stop":
            value = asyncio.run(swept(root, os.environ))
        elif request.op in ANSWERS:
            loaded = load(root, request.env or os.environ, request.args.get("mode"))
            value = ANSWERS[request.op](loaded, request)
        else:
            raise NotRunning("nothing runs here", "start it with `inv dev-start`")
    except HybridError as error:
        target.write(codec.encode(messages.error_frame(error)))
        return int(error.code)
    target.write(codec.encode(messages.result_frame(value)))
    return int(Code.DONE)
