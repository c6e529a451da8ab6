"""`inv dev-completion SHELL`: the completion script."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from invoke.context import Context

from hybrid_tasks.cli.declare import DevTask, Words, dev_task

if TYPE_CHECKING:
    from hybrid_tasks.cli.completion import Offer


@dev_task(takes=Words("shell"), shell="bash, zsh or fish; its name alone does as well")  # noqa: S604 - a shell's name
def dev_completion(_c: Context, shell: str | None = None) -> int:
    """Print the completion script of bash, zsh or fish.

    It completes tasks, flags, services, steps and modes without starting Python.

    Example: eval "$(inv dev-completion bash)"
    """
    from pathlib import PurePath

    from hybrid_tasks.cli import completion
    from hybrid_tasks.cli.app import ours
    from hybrid_tasks.config.nearest import suggestion
    from hybrid_tasks.errors import WrongInput

    if shell is None:
        import os

        shell = PurePath(os.environ.get("SHELL", "")).name
    if shell not in completion.SHELLS:
        raise WrongInput(f"there is no completion for `{shell}`", suggestion(shell, completion.SHELLS))
    from invoke.program import Program

    core = sorted(flag for flag in Program().initial_context.flags if flag.startswith("--"))
    print(completion.script(shell, core, _offers(ours())), end="")
    return 0


def _offers(tasks: Iterable[DevTask]) -> dict[str, Offer]:
    from hybrid_tasks.cli.completion import Offer

    offers = {}
    for task in tasks:
        arguments = task.get_arguments()
        names = [("--" if len(name) > 1 else "-") + name for argument in arguments for name in argument.names]
        valued = [
            ("--" if len(name) > 1 else "-") + name
            for argument in arguments
            if argument.takes_value
            for name in argument.names
        ]
        offers[task.name.replace("_", "-")] = Offer(_takes(task), (*names, "--help"), tuple(valued))
    return offers


def _takes(task: DevTask) -> str:
    words = task.words
    if words is None:
        return ""
    if words.flag != "service":
        return words.flag
    return "services" if words.many else "rest" if words.rest else "service"
