"""`inv dev-stop`: gracefully, dependants first."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from invoke.context import Context

from hybrid_tasks.cli.declare import SERVICES, dev_task


@dev_task(
    takes=SERVICES,
    service="a service to stop with what depends on it; its name alone does as well; without one: everything",
    json="print what was stopped as one JSON object",
)
def dev_stop(_c: Context, service: list[str] | None = None, json: bool = False) -> int:
    """Stop services, and what depends on them.

    Example: inv dev-stop api
    """
    import json as json_module
    import sys

    from hybrid_tasks.cli import here
    from hybrid_tasks.cli.paint import Paint, harmless, is_live
    from hybrid_tasks.cli.progress import Progress
    from hybrid_tasks.cli.tables import width
    from hybrid_tasks.errors import Code

    names = here.only(service)
    out = sys.stdout
    progress = Progress(out, is_live(out) and not json, Paint.of(out))
    try:
        result = _ask(names, None if json else progress)
    finally:
        progress.clear()
    services = result.get("services") or []
    if json:
        print(json_module.dumps({"schema": 1, **result}))
        return Code.DONE
    stopped = [" ".join(harmless(str(status.get("name")))) for status in services]
    longest = max(map(width, stopped), default=0)
    for name in stopped:
        print(f"{name}{' ' * (longest - width(name))}  stopped")
    if not services:
        print(result.get("note") or "nothing was running")
    return Code.DONE


def _ask(names: list[str], progress: Any) -> dict[str, Any]:
    """Ask the supervisor to stop; without one, a child looks for what a killed one left behind."""
    from hybrid_tasks.cli import here
    from hybrid_tasks.control.client import reach
    from hybrid_tasks.control.gate import CUT
    from hybrid_tasks.control.messages import ask
    from hybrid_tasks.errors import Code, HybridError

    root = here.project()
    found, begun = _reached(root, names)
    nothing = {"note": CUT} if begun else {}
    if isinstance(found, dict):
        return {**nothing, **found}
    with found as connection:
        try:
            result, _ = connection.ask(
                ask("stop", {"services": names}, os.environ),
                on_event=lambda event: (
                    progress.hear(event) if progress and (progress.live or event.kind == "note") else None
                ),
                on_tick=progress.tick if progress is not None else None,
            )
        except HybridError as error:
            if error.code != Code.UNREACHABLE:
                raise
        else:
            return {**nothing, **result} if isinstance(result, dict) else nothing
    # of another version: the one request that never changes
    second = reach(root)
    if second is not None:
        with second:
            second.ask(ask("shutdown", {}, os.environ))
    return {"note": "ended the supervisor and all that it ran"}


def _reached(root: Path, names: list[str]) -> tuple[Any, bool]:
    """A connection to the supervisor, also to one that is only being started; else what a child has found to end.

    Returns:
        that, and whether a start was under way.
    """
    import time

    from hybrid_tasks.control.gate import PATIENCE, pauses, reach_for_stop
    from hybrid_tasks.control.once import consult
    from hybrid_tasks.errors import NotRunning

    begun = False
    for pause in pauses(time.monotonic() + PATIENCE):
        connection, waited = reach_for_stop(root, everything=not names)
        begun = begun or waited
        if connection is not None:
            return connection, begun
        result, _ = consult(root, "stop", {"services": names}, alone=True)
        told = result if isinstance(result, dict) else {}
        if not told.get("busy"):
            return told, begun
        time.sleep(pause)  # it is being born, or ends
    words = f"a supervisor has this project, and did not answer within {PATIENCE:g} s"
    raise NotRunning(words, "see `inv dev-doctor`")
