"""`inv dev-status`: what runs, from which source, since when, and what is in the way."""

from __future__ import annotations

from typing import Any

from invoke.context import Context

from hybrid_tasks.cli.declare import dev_task


@dev_task(json="print one JSON object (schema 1)")
def dev_status(_c: Context, json: bool = False) -> int:
    """Show what runs, from which source, and how it fares.

    Exits with 0 when all that shall run is healthy, 1 when not, 3 when nothing runs.

    Example: inv dev-status --json
    """
    import sys

    from hybrid_tasks.cli import here
    from hybrid_tasks.cli.paint import Paint, is_terminal, size
    from hybrid_tasks.cli.status import report
    from hybrid_tasks.control.client import call

    result, code = call(here.project(), "status", {}, timeout=10)
    document: dict[str, Any] = result if isinstance(result, dict) else {}
    if json:
        import json as json_module

        print(json_module.dumps(document, indent=2))
        return code
    limit = size(sys.stdout)[0] if is_terminal(sys.stdout) else None
    print("\n".join(report(document, Paint.of(sys.stdout), limit)))
    return code
