"""`inv dev-test`: the tests of a service's stack, in its directory and environment."""

from __future__ import annotations

from invoke.context import Context

from hybrid_tasks.cli.declare import Words, dev_task


@dev_task(
    takes=Words("service", many=True, tail="words"),
    service="a service to test; its name alone does as well; without one: all",
    words="arguments for the test program as a JSON list: what follows two dashes",
)
def dev_test(_c: Context, service: list[str] | None = None, words: str | None = None) -> int:
    """Run the tests of services, one after the other.

    What follows -- goes to the test program; the first failure's exit code is ours.

    Example: inv dev-test web -- -k checkout
    """
    import sys

    from hybrid_tasks.cli import here
    from hybrid_tasks.cli.paint import Paint, harmless
    from hybrid_tasks.cli.terminal import run
    from hybrid_tasks.control.once import consult

    args = {"services": here.only(service), "arguments": here.verbatim(words)}
    result, code = consult(here.project(), "test", args)
    commands = result.get("commands") if isinstance(result, dict) else None
    entries = [entry for entry in commands if isinstance(entry, dict)] if isinstance(commands, list) else []
    paint = Paint.of(sys.stderr)
    for entry in entries:
        name = " ".join(harmless(str(entry.get("service", ""))))
        if entry.get("skipped"):
            hint = f" ({entry['hint']})" if entry.get("hint") else ""
            print(f"{name}: skipped, {' '.join(harmless(str(entry['skipped']) + hint))}", file=sys.stderr)
            continue
        if len(entries) > 1:
            print(paint.bold(f"== {name}"), file=sys.stderr, flush=True)
        ended = run(entry, f"service `{name}`")
        code = code or ended
    return code
