"""`inv dev-logs`: what services print, in one stream, whether or not anything runs."""

from __future__ import annotations

from invoke.context import Context

from hybrid_tasks.cli.declare import SERVICES, dev_task

FOLLOWED = "100"


@dev_task(
    takes=SERVICES,
    short={"follow": "f"},
    service="a service; its name alone does as well; without one: all",
    follow=f"go on with what comes, after the last {FOLLOWED} lines of each service, until Ctrl+C",
    since="only from then on: 10m, 2h, 14:30 or 2026-01-31T14:30",
    tail="only the last lines of each service, our own between them included: a number, or all",
    timestamps="each line with its time",
    level="only lines as bad as this or worse: debug, info, warning, error",
    grep="only lines that contain this regular expression",
    ignore_case="--grep does not tell capitals from small letters",
    build="what every build, check and step said, not only failed ones",
    probes="also the lines by which services answer our own health probes; --json has them always, marked",
    no_events="without our own lines about starts, saves, crashes and stops",
    at="only the time of one swap: its receipt's id, the beginning of it, or last",
    json="one JSON object a line: service, stream, time, role, run, text",
    raw="the bytes as they were written: no names, escapes left in",
)
def dev_logs(  # noqa: PLR0917 - one parameter a flag
    _c: Context,
    service: list[str] | None = None,
    follow: bool = False,
    since: str | None = None,
    tail: str | None = None,
    timestamps: bool = False,
    level: str | None = None,
    grep: str | None = None,
    ignore_case: bool = False,
    build: bool = False,
    probes: bool = False,
    no_events: bool = False,
    at: str | None = None,
    json: bool = False,
    raw: bool = False,
) -> int:
    """Show the logs of services, merged by time.

    Failed builds are shown as well. It works whether or not anything runs.

    Example: inv dev-logs api web -f --level warning
    """
    import os
    import sys

    from hybrid_tasks.cli import here
    from hybrid_tasks.cli.paint import Paint
    from hybrid_tasks.control.paths import hybrid_dir, state_dir
    from hybrid_tasks.errors import WrongInput
    from hybrid_tasks.journal.receipts import read
    from hybrid_tasks.journal.words import outcome
    from hybrid_tasks.logs.asking import around, asked, the_receipt
    from hybrid_tasks.logs.escapes import plain
    from hybrid_tasks.logs.show import show

    root = here.project()
    services = here.only(service)
    if at is not None and (follow or since is not None):
        raise WrongInput("`--at` names a time that is over", "leave out --follow and --since")
    if follow and since is None and tail is None:
        tail = FOLLOWED
    query = asked(
        services=tuple(services),
        follow=follow,
        since=since,
        tail=tail,
        timestamps=timestamps,
        level=level,
        grep=grep,
        ignore_case=ignore_case,
        build=build,
        events=not no_events,
        probes=probes,
        json=json,
        raw=raw,
    )
    if at is not None:
        receipt = the_receipt(read(state_dir(root, os.environ) / "receipts.jsonl"), at, services)
        query = around(query, receipt)
        if not json:
            print(plain(f"{receipt.get('service')}: {outcome(receipt)} (receipt {receipt.get('id')})"), file=sys.stderr)
    return show(
        hybrid_dir(root, os.environ) / "logs",
        query,
        sys.stdout.buffer,
        Paint.of(sys.stdout).on,
        configured=lambda: here.table_names(root, "services"),
        note=lambda text: print(text, file=sys.stderr),
    )
