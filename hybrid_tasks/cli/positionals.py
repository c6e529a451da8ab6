"""Words without flags: `inv dev-start web api`, which Invoke cannot do by itself.

Invoke 3 has no optional positional arguments (a required one swallows `--help` and the next task). So the words of
our tasks are turned into the flags they stand for, between the moment Invoke has parsed its own options and the
moment it parses the tasks. `rewriting.rewrite` is a pure function; `install` is the only place that touches Invoke,
and without it everything still works with flags (`inv dev-start --service web`).
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from invoke.collection import Collection
from invoke.exceptions import ParseError
from invoke.parser.context import ParserContext
from invoke.parser.parser import Parser, ParseResult
from invoke.program import Program
from invoke.tasks import Task

from hybrid_tasks import compiled
from hybrid_tasks.cli.declare import DevTask
from hybrid_tasks.cli.gone import quietly

if TYPE_CHECKING:
    from hybrid_tasks.cli.rewriting import Known


def install(program: Program, ours: Collection, beside: Mapping[str, Any]) -> None:
    """Make a running Invoke program understand the words of our tasks.

    Args:
        program: the program that is loading its tasks.
        ours: the collection the project's `tasks.py` gets.
        beside: the names of that `tasks.py`, whose own tasks stay beside ours.
    """
    if "parse_tasks" in vars(program):
        return
    plain = program.parse_tasks

    def parse_tasks() -> None:
        _keep_own_tasks(program, ours, beside)
        if "list" in program.args and program.args["list"].value and not program.core.unparsed:
            program.tasks = ParseResult()  # only listed: no flag of any task is needed
            return
        with compiled():
            from hybrid_tasks.cli.rewriting import rewrite

        tasks = _by_name(program)
        tokens, tail = program.core.unparsed, _tail(program.argv)
        program.core.unparsed = rewrite(tokens, tail, tasks, lambda name: _known(program, tasks[name]))
        vars(program)["_make_parser"] = lambda: _parser(program)
        try:
            plain()
        except ParseError as error:
            from hybrid_tasks.cli.wrong_words import explained

            raise explained(error, tasks) from None
        finally:
            del vars(program)["_make_parser"]  # the shell's completion asks for all tasks

    cleanup = program.parse_cleanup  # where lists and help are printed
    vars(program).update(parse_tasks=parse_tasks, parse_cleanup=lambda: quietly(cleanup))


def _keep_own_tasks(program: Program, ours: Collection, beside: Mapping[str, Any]) -> None:
    """Add the tasks of a `tasks.py` that Invoke ignores because there is an `ns`."""
    if ours is not beside.get("ns", beside.get("namespace")):
        return  # the project has a collection of its own making
    there = {id(task.body) for task in program.collection.tasks.values()}
    for task in list(beside.values()):
        if isinstance(task, Task) and not isinstance(task, DevTask) and id(task.body) not in there:
            program.collection.add_task(task)


def _by_name(program: Program) -> dict[str, Any]:
    """Every task by each of its names."""
    collection = program.collection
    return {
        name: collection[primary] for primary, aliases in collection.task_names.items() for name in (primary, *aliases)
    }


def _parser(program: Program) -> Parser:
    """A parser of the tasks that are named: Invoke copies what it is given deeply, which is slow with many tasks."""
    named = {*program.core.unparsed, program.args["help"].value}
    unknown = program.config.tasks.ignore_unknown_help
    collection = program.collection
    contexts = [
        ParserContext(primary, aliases, collection[primary].get_arguments(ignore_unknown_help=unknown))
        for primary, aliases in collection.task_names.items()
        if not named.isdisjoint((primary, *aliases))
    ]
    return Parser(contexts, program.initial_context)


def _tail(argv: Sequence[str]) -> list[str] | None:
    """What follows the first `--`, as the list the shell made of it (Invoke joins it with blanks)."""
    arguments = list(argv[1:])
    return arguments[arguments.index("--") + 1 :] if "--" in arguments else None


def _known(program: Program, task: Any) -> Known:
    from hybrid_tasks.cli.rewriting import Known

    values = {flag: argument.takes_value for flag, argument in program.initial_context.flags.items()}
    values["--help"] = values["-h"] = False  # after a task's name it takes none
    twin = copy.copy(task)
    twin.help = dict(task.help)  # Invoke takes the texts out when it is asked for the flags
    arguments = twin.get_arguments(ignore_unknown_help=True)
    for argument in arguments:
        values |= {("--" if len(name) > 1 else "-") + name: argument.takes_value for name in argument.names}
    words = task.words if isinstance(task, DevTask) else None
    return Known(words, values, sum(argument.positional for argument in arguments))
