"""`inv dev-restart`: a swap of what runs, with the configuration as it is now."""

from __future__ import annotations

from invoke.context import Context

from hybrid_tasks.cli.declare import SERVICES, dev_task


@dev_task(
    takes=SERVICES,
    service="a service to restart; its name alone does as well; without one: all that run",
    timeout="how long to wait until they are healthy, as 120, 90s or 2m; then exit with 124",
    json="print the receipts, one JSON object a line",
)
def dev_restart(_c: Context, service: list[str] | None = None, timeout: str = "120", json: bool = False) -> int:
    """Put fresh instances in the place of running services.

    Changed configuration is read; an old instance serves until the new one is healthy where that is possible.
    A named service that does not run is started. Exits with 3 when nothing runs at all.

    Example: inv dev-restart api
    """
    from hybrid_tasks.cli import here
    from hybrid_tasks.cli.acting import act

    args = {"services": here.only(service), "timeout": here.seconds(timeout)}
    return act(here.project(), "restart", args, start=False, as_json=json)
