"""Reading `.env` files by the rules of Compose, with every mistake of a file at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType

from hybrid_tasks.env.contents import Flaw, contents
from hybrid_tasks.env.interpolation import LARGEST, BadTemplate, Expanded, expand, unset_warnings
from hybrid_tasks.env.statements import QUOTES, Slip, Statement, statements
from hybrid_tasks.env.variable import Variable, named
from hybrid_tasks.errors import HybridError, Mistakes, WrongInput
from hybrid_tasks.model.service import Origin

NOTHING: Mapping[str, str] = MappingProxyType({})
UNKNOWN = Expanded("?")
"""The value of a mistaken variable: set, so that what uses it is not called a mistake too."""
REMEMBERED = 10
"""Earlier values of a name that are remembered."""
MOST = 100
"""Mistakes of one file that are listed; the rest is counted."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What a file holds (each name once, its last value), and its mistakes in the order of lines.

    A variable with a mistake is there too, with a value that must not be used.
    """

    variables: tuple[Variable, ...]
    mistakes: tuple[HybridError, ...]


def read(
    path: Path, outside: Mapping[str, str], *, before: Mapping[str, str] = NOTHING, root: Path | None = None
) -> list[Variable]:
    """Read a `.env` file as Compose would.

    Args:
        path: the file.
        outside: what wins in `${…}` and gives a name without value its value: the shell.
        before: what earlier files gave; the file's own values win over it in `${…}`.
        root: the project's directory, for shorter file names in messages.

    Returns:
        its variables, each name once with its last value; warnings are on the variables.

    Raises:
        Mistakes: all mistakes of the file, each `file:line …` with a cure.
    """
    reading = examine(path, outside, before=before, root=root)
    if reading.mistakes:
        raise Mistakes(list(reading.mistakes))
    return list(reading.variables)


def examine(
    path: Path, outside: Mapping[str, str], *, before: Mapping[str, str] = NOTHING, root: Path | None = None
) -> Reading:
    """Read a `.env` file and give back what is good together with what is not.

    Args:
        path: the file.
        outside: see `read`.
        before: see `read`.
        root: see `read`.

    Returns:
        variables and mistakes.
    """
    content = contents(path)
    shown = named(path, root)
    flaws = list(content.flaws)
    flawed = {flaw.line for flaw in flaws}
    found = _File(path, shown, outside, before)
    for statement in statements(content.text):
        flaw = found.take(statement) if isinstance(statement, Statement) else found.slip(statement)
        if flaw is not None and flaw.line not in flawed:
            flaws.append(flaw)
    return Reading(tuple(found.variables.values()), tuple(_mistakes(shown, flaws)))


def _mistakes(shown: str, flaws: list[Flaw]) -> Iterator[HybridError]:
    flaws.sort(key=lambda flaw: flaw.line)
    for flaw in flaws[:MOST]:
        yield WrongInput(f"{shown}:{flaw.line} {flaw.message}" if flaw.line else f"{shown}: {flaw.message}", flaw.hint)
    if len(flaws) > MOST:
        rest = len(flaws) - MOST
        yield WrongInput(f"{shown}:{flaws[MOST].line} and {rest} more like these", "is this really an env file?")


class _File:
    """The values of one file while it is read from top to bottom."""

    def __init__(self, path: Path, shown: str, outside: Mapping[str, str], before: Mapping[str, str]) -> None:
        self.path = path
        self.shown = shown
        self.outside = outside
        self.before = before
        self.variables: dict[str, Variable] = {}
        self.left = LARGEST

    def lookup(self, name: str) -> str | None:
        if name in self.outside:
            return self.outside[name]
        mine = self.variables.get(name)
        return self.before.get(name) if mine is None else mine.value

    def take(self, statement: Statement) -> Flaw | None:
        """Add a statement's variable; a flaw when its value cannot be had."""
        flaw = None
        if statement.stray:
            self.strayed(statement)
        if statement.text is None:
            if statement.name not in self.outside:
                return None
            expanded = Expanded(self.outside[statement.name])
        elif statement.literal:
            expanded = Expanded(statement.text)
        else:
            try:
                expanded = expand(statement.text, self.lookup, self.left)
            except BadTemplate as error:
                flaw = Flaw(statement.line, f"{statement.name}: {error.message}", error.hint)
                expanded = UNKNOWN
        if "\0" in expanded.value:
            flaw = Flaw(statement.line, f"{statement.name}: a NUL character", "remove it; no variable can hold one")
        self.left -= len(expanded.value)
        self.add(statement, expanded)
        return flaw

    def slip(self, slip: Slip) -> Flaw:
        """Note a statement that is none."""
        if slip.name:
            self.add(Statement(slip.line, slip.name, None), UNKNOWN)
        return Flaw(slip.line, f"{slip.name}: {slip.message}" if slip.name else slip.message, slip.hint)

    def add(self, statement: Statement, expanded: Expanded) -> None:
        name = statement.name
        variable = Variable(name, expanded.value, Origin(self.path, statement.line))
        older = self.variables.pop(name, None)
        if older is not None:
            below = (replace(older, overrode=()), *older.overrode)
            variable = replace(variable, overrode=below[:REMEMBERED])
        warnings = unset_warnings(f"{self.shown}:{statement.line}", name, expanded)
        self.variables[name] = replace(variable, warnings=warnings)

    def strayed(self, statement: Statement) -> None:
        """Let the variable before a stray statement warn of it: the statement itself may come to nothing."""
        before = self.variables[statement.stray]
        warning = f"{self.shown}:{statement.line} {before.name}: the text after its closing quote is read as a variable"
        self.variables[before.name] = replace(before, warnings=(*before.warnings, f"{warning}; {QUOTES}"))
