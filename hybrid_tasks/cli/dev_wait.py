"""`inv dev-wait`: until healthy, or until the change just saved is live or failed."""

from __future__ import annotations

from invoke.context import Context

from hybrid_tasks.cli.declare import SERVICES, dev_task


@dev_task(
    takes=SERVICES,
    service="a service to wait for; its name alone does as well; without one: all that shall run",
    reload="wait until what is on disk now is live (0) or has failed (1)",
    timeout="how long to wait, as 120, 90s or 2m; then exit with 124",
    json="print the receipts, one JSON object a line",
)
def dev_wait(
    _c: Context,
    service: list[str] | None = None,
    reload: bool = False,
    timeout: str = "120",
    json: bool = False,
) -> int:
    """Wait until healthy, or until the last save is live.

    With --reload: exits with 0 when what is on disk now is live, 1 when it failed.

    Example: inv dev-wait --reload api && curl localhost:8080
    """
    from hybrid_tasks.cli import here
    from hybrid_tasks.cli.acting import act

    args = {"services": here.only(service), "reload": reload, "timeout": here.seconds(timeout)}
    return act(here.project(), "wait", args, start=False, as_json=json)
