"""Invoke's parse errors about our tasks, said with the closest name and our exit code."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from invoke.exceptions import Exit, ParseError

from hybrid_tasks.cli.declare import DevTask
from hybrid_tasks.config.nearest import closest
from hybrid_tasks.errors import WrongInput
from hybrid_tasks.logs.escapes import plain

UNKNOWN = re.compile(r"No idea what (?P<word>.*) is!", re.DOTALL)
VALUELESS = re.compile(r"Flag <Argument: (?P<flag>\w+).* needed value")


def explained(error: ParseError, tasks: Mapping[str, Any]) -> Exception:
    """Say a parse error in our words, when it is about one of our tasks.

    Args:
        error: what Invoke raised.
        tasks: every task by name.

    Returns:
        an exit with code 2, or the error itself when it is somebody else's.
    """
    name = error.context.name if error.context is not None else None
    task = tasks.get(name) if name else None
    mistake: WrongInput | None = None
    if (match := UNKNOWN.fullmatch(str(error))) is not None:
        word = plain(match["word"].removeprefix("'").removesuffix("'"))
        mistake = _task(word, tasks) if task is None else _word(word, name, task)
    elif (match := VALUELESS.search(str(error))) is not None and isinstance(task, DevTask):
        flag = match["flag"].replace("_", "-")
        mistake = WrongInput(f"`--{flag}` of `{name}` needs a value", f"see `inv --help {name}`")
    return error if mistake is None else Exit("\n".join(mistake.lines()), code=int(mistake.code))


def _task(word: str, tasks: Mapping[str, Any]) -> WrongInput | None:
    close = closest(word, tasks)
    if not word.startswith("dev-") and not isinstance(tasks.get(close or ""), DevTask):
        return None
    hint = f"did you mean `inv {close}`?" if close else "see `inv --list`"
    return WrongInput(f"there is no task `{word}`", hint)


def _word(word: str, name: str | None, task: Any) -> WrongInput | None:
    if not isinstance(task, DevTask):
        return None
    if word.startswith("-"):
        flags = ["--" + argument.names[0] for argument in task.get_arguments()]
        close = closest(word, flags)
        hint = f"did you mean `{close}`?" if close else f"see `inv --help {name}`"
        return WrongInput(f"`{name}` has no flag `{word}`", hint)
    if task.words is None:
        return WrongInput(f"`{name}` takes no words, and there is no task `{word}`", f"see `inv --help {name}`")
    return WrongInput(f"`{name}` takes one {task.words.flag}; `{word}` is one too many", f"see `inv --help {name}`")
