"""What makes a function one of our tasks: its flags stay as they are written, its words need no flags."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from invoke.context import Context
from invoke.parser.argument import Argument
from invoke.tasks import Task

from hybrid_tasks import compiled


class Words:
    """What the words after a task's name mean; a plain class, because a dataclass costs every `inv` a millisecond.

    Args:
        flag: the flag each word stands for: `inv dev-start web` is `inv dev-start --service web`.
        many: every word, not only the first.
        rest: the flag that takes everything from the second word on, verbatim, as a JSON list.
        tail: the flag that takes what follows `--`, verbatim, as a JSON list.
    """

    __slots__ = ("flag", "many", "rest", "tail")

    def __init__(self, flag: str, *, many: bool = False, rest: str = "", tail: str = "") -> None:
        self.flag, self.many, self.rest, self.tail = flag, many, rest, tail


SERVICES = Words("service", many=True)
SERVICE = Words("service")


class DevTask(Task):  # type: ignore[type-arg,unused-ignore]
    """An Invoke task whose errors are printed by `outcome` and whose words `positionals` knows.

    Args:
        body: takes the context and the flags; gives an exit code, or None for 0.
        words: what its words mean; None: it takes none.
        short: explicit one-letter flags, by parameter.
        options: the rest of what an Invoke task takes.
    """

    def __init__(
        self,
        body: Callable[..., int | None],
        words: Words | None = None,
        short: dict[str, str] | None = None,
        **options: Any,
    ) -> None:
        many = [words.flag] if words is not None and words.many else []
        super().__init__(body, auto_shortflags=False, positional=(), iterable=many, **options)
        self.words = words
        self.short = short or {}  # Invoke copies tasks deeply: no mapping proxy

    def get_arguments(self, ignore_unknown_help: bool | None = None) -> list[Argument]:
        """The flags; unlike Invoke's own this may be asked twice without losing the help texts."""
        help_texts = copy.copy(self.help)
        try:
            arguments = super().get_arguments(ignore_unknown_help)
        finally:
            self.help = help_texts
        for argument in arguments:
            if letter := self.short.get(str(argument.name)):
                argument.names = (*argument.names, letter)
        return list(arguments)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run the body; whatever comes out of it becomes words and an exit code."""
        with compiled():
            from hybrid_tasks.cli.outcome import conclude

        if not args or not isinstance(args[0], Context):
            raise TypeError(f"{self.name} needs an Invoke context first")
        self.times_called += 1
        return conclude(self.name.replace("_", "-"), lambda: self.body(*args, **kwargs))


def dev_task(
    *,
    takes: Words | None = None,
    short: dict[str, str] | None = None,
    name: str | None = None,
    **help_texts: str,
) -> Callable[[Callable[..., int | None]], DevTask]:
    """Declare a task.

    Args:
        takes: what its words mean; None: it takes none.
        short: explicit one-letter flags, by parameter.
        name: its name, when the function's does not do.
        help_texts: what each flag is for, by parameter.

    Returns:
        a decorator.
    """
    return lambda body: DevTask(body, takes, short, name=name, help=help_texts)
