"""`inv dev-start`: what is needed, in order, until all of it is healthy."""

from __future__ import annotations

import json as json_module
from collections.abc import Mapping
from typing import Any

from invoke.context import Context

from hybrid_tasks.cli.declare import SERVICES, dev_task


@dev_task(
    takes=SERVICES,
    service="a service to start with what it needs; its name alone does as well; without one: the mode's set",
    mode="the mode of hybrid.toml to start in",
    build="build everything anew",
    all_="the whole set of the mode, also after an unclean end",
    foreground="stay, show the log, and stop everything with Ctrl+C (twice: at once)",
    dry_run="print what would be started",
    timeout="how long to wait until all are healthy, as 120, 90s or 2m; then exit with 124, services stay up",
    json="print the receipts, one JSON object a line",
)
def dev_start(  # noqa: PLR0917 - Invoke passes every flag by name
    c: Context,
    service: list[str] | None = None,
    mode: str | None = None,
    build: bool = False,
    all_: bool = False,
    foreground: bool = False,
    dry_run: bool = False,
    timeout: str = "120",
    json: bool = False,
) -> int:
    """Start services from source; wait until all are healthy.

    What they need starts first. Exits with 1 when a service failed, 124 when it took too long. Ctrl+C stops what was
    started (twice: at once) and leaves what ran before; it exits with 130.

    Example: inv dev-start web api --timeout 2m
    """
    from hybrid_tasks.cli import here

    args = {
        "services": here.only(service),
        "mode": mode,
        "all": all_,
        "build": build,
        "timeout": here.seconds(timeout),
    }
    root = here.project()
    if dry_run or c.config.run.dry:
        from hybrid_tasks.control.once import consult

        result, code = consult(root, "start", {**args, "dry_run": True})
        told = result if isinstance(result, dict) else {}
        print(json_module.dumps(told) if json else "\n".join(plan(told)))
        return code
    if foreground:
        from hybrid_tasks.cli.foreground import stay

        return stay(root, args)
    from hybrid_tasks.cli.acting import act

    return act(root, "start", args, start=True, as_json=json)


def plan(result: Mapping[str, Any]) -> list[str]:
    """The plan of a dry run, one line a service, in the order it would be started."""
    import shlex

    from hybrid_tasks.cli.paint import harmless

    lines = []
    for entry in result.get("plan") or ():
        words = entry.get("why") or shlex.join(entry.get("command") or ()) or "(known only after the build)"
        build = entry.get("build")
        if build and not entry.get("why"):
            words = f"{shlex.join(build)} && {words}"
        where = f"   # in {entry['cwd']}" if entry.get("cwd") else ""
        head = f"{int(entry.get('wave') or 0) + 1}. {entry.get('service')}: "
        lines.append(" ".join(harmless(f"{head}{words}{where}")))
    return lines or ["nothing to start"]
