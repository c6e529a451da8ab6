"""`python -m hybrid_tasks.supervisor --root R`: the supervisor of a project; with `--once`, one answer and the end."""

from __future__ import annotations

import argparse
import gc
import os
import sys
from pathlib import Path


def main() -> int:
    """Run what the command line names, and give the exit code."""
    parser = argparse.ArgumentParser(prog="hybrid-supervisor")
    parser.add_argument("--root", type=Path, required=True, help="the project's directory")
    parser.add_argument("--ready", type=int, help="a descriptor that hears when we listen")
    parser.add_argument("--once", action="store_true", help="answer the request on standard input and end")
    words = parser.parse_args()
    gc.disable()  # nothing of what is loaded now is garbage
    if words.once:
        from hybrid_tasks.supervisor import once

        with os.fdopen(os.dup(1), "wb") as answer:
            os.dup2(2, 1)  # what a plugin prints is not part of the answer
            code = once.answer(words.root, sys.stdin.buffer, answer)
        sys.stderr.flush()
        os._exit(code)  # a plugin may have left a thread that never ends
    import asyncio

    from hybrid_tasks.errors import HybridError
    from hybrid_tasks.supervisor import run

    try:
        return asyncio.run(run.supervise(words.root, dict(os.environ), words.ready))
    except HybridError as error:
        print("\n".join(error.lines()), file=sys.stderr)
        return error.code


if __name__ == "__main__":
    sys.exit(main())
