"""`inv dev-debug`: a shell or exactly one command where a service lives, its debugger, or what its threads do."""

from __future__ import annotations

from invoke.context import Context

from hybrid_tasks.cli.declare import Words, dev_task

FLAGS = frozenset({"--debugger", "--wait", "--stacks", "--end"})
"""Ours also behind the service; any other word there begins the command."""


@dev_task(
    takes=Words("service", rest="words"),
    service="the service; its name alone does as well",
    words="the command as a JSON list: what follows the service",
    debugger="swap the service under Delve, debugpy or a debugger of lldb or gdb until Ctrl+C; say how to attach",
    wait="with --debugger: hold the program at its start until somebody attaches, also after each reload",
    stacks="print what every thread of the running Python or Go program is doing",
    end="with --stacks: also a Go program, which ends by that and is started again",
)
def dev_debug(  # noqa: PLR0917 - Invoke passes every flag by name
    _c: Context,
    service: str | None = None,
    words: str | None = None,
    debugger: bool = False,
    wait: bool = False,
    stacks: bool = False,
    end: bool = False,
) -> int:
    """Run a command or a shell where a service lives, or debug it.

    A command runs on this terminal, in the service's directory and environment. Everything from the first word after
    the service is the command, flags included.

    With --debugger the service itself runs under its language's debugger, with hot reload, until this task ends.

    Example: inv dev-debug web python -c 'print(1)'
    """
    from hybrid_tasks.cli import here
    from hybrid_tasks.errors import WrongInput

    command = here.verbatim(words)
    if command and FLAGS.issuperset(command):
        given, command = frozenset(command), []
        debugger, wait = debugger or "--debugger" in given, wait or "--wait" in given
        stacks, end = stacks or "--stacks" in given, end or "--end" in given
    root = here.project()
    if not service:
        names = here.table_names(root, "services")
        raise WrongInput("which service?", f"inv dev-debug {names[0] if names else 'SERVICE'} [COMMAND…]")
    if stacks or debugger:
        if command:
            raise WrongInput("with `--debugger` and `--stacks` it is the service itself", "leave the command out")
        if stacks and debugger:
            raise WrongInput("`--debugger` and `--stacks` exclude each other", "leave one of them out")
    if wait and not debugger:
        raise WrongInput("`--wait` goes with `--debugger`", f"inv dev-debug {service} --debugger --wait")
    if end and not stacks:
        raise WrongInput("`--end` goes with `--stacks`", f"inv dev-debug {service} --stacks --end")
    if debugger:
        from hybrid_tasks.cli.debugging import debug

        return debug(root, service, wait=wait)
    if stacks:
        from hybrid_tasks.cli.stacks import show

        return show(root, service, end=end)

    from hybrid_tasks.cli.terminal import become
    from hybrid_tasks.control.once import consult

    result, _ = consult(root, "exec", {"service": service, "words": command})
    return become(result, f"service `{service}`")
