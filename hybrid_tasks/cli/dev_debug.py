"""`inv dev-debug`: a shell or exactly one command where a service lives, or what its threads are doing."""

from __future__ import annotations

from invoke.context import Context

from hybrid_tasks.cli.declare import Words, dev_task

FLAGS = frozenset({"--stacks", "--end"})
"""Ours also behind the service; any other word there begins the command."""


@dev_task(
    takes=Words("service", rest="words"),
    service="the service; its name alone does as well",
    words="the command as a JSON list: what follows the service",
    stacks="print what every thread of the running Python or Go program is doing",
    end="with --stacks: also a Go program, which ends by that and is started again",
)
def dev_debug(
    _c: Context, service: str | None = None, words: str | None = None, stacks: bool = False, end: bool = False
) -> int:
    """Run a command or a shell where a service lives, or ask what it does.

    A command runs on this terminal, in the service's directory and environment. Everything from the first word after
    the service is the command, flags included.

    Example: inv dev-debug web python -c 'print(1)'
    """
    from hybrid_tasks.cli import here
    from hybrid_tasks.cli.terminal import become
    from hybrid_tasks.control.once import consult
    from hybrid_tasks.errors import WrongInput

    command = here.verbatim(words)
    if command and FLAGS.issuperset(command):
        stacks, end, command = stacks or "--stacks" in command, end or "--end" in command, []
    root = here.project()
    if not service:
        names = here.table_names(root, "services")
        raise WrongInput("which service?", f"inv dev-debug {names[0] if names else 'SERVICE'} [COMMAND…]")
    if stacks:
        from hybrid_tasks.cli.stacks import show

        if command:
            raise WrongInput("with `--stacks` it is the service that is asked", "leave the command out")
        return show(root, service, end=end)
    if end:
        raise WrongInput("`--end` goes with `--stacks`", f"inv dev-debug {service} --stacks --end")
    result, _ = consult(root, "exec", {"service": service, "words": command})
    return become(result, f"service `{service}`")
