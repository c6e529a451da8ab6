"""`inv dev-debug`: a shell, or exactly one command, in a service's directory and environment."""

from __future__ import annotations

from invoke.context import Context

from hybrid_tasks.cli.declare import Words, dev_task


@dev_task(
    takes=Words("service", rest="words"),
    service="the service; its name alone does as well",
    words="the command as a JSON list: what follows the service",
)
def dev_debug(_c: Context, service: str | None = None, words: str | None = None) -> int:
    """Run a command, or a shell, where a service lives.

    It runs on this terminal, in the service's directory and environment.

    Everything from the first word after the service is the command, flags included.

    Example: inv dev-debug web python -c 'print(1)'
    """
    from hybrid_tasks.cli import here
    from hybrid_tasks.cli.terminal import become
    from hybrid_tasks.control.once import consult
    from hybrid_tasks.errors import WrongInput

    command = here.verbatim(words)
    root = here.project()
    if not service:
        names = here.table_names(root, "services")
        raise WrongInput("which service?", f"inv dev-debug {names[0] if names else 'SERVICE'} [COMMAND…]")
    result, _ = consult(root, "exec", {"service": service, "words": command})
    return become(result, f"service `{service}`")
