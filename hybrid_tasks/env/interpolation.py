"""Compose's interpolation: `$VAR ${VAR} ${VAR:-d} ${VAR-d} ${VAR:?e} ${VAR?e} ${VAR:+a} ${VAR+a} $$`, nested.

Written down at https://docs.docker.com/reference/compose-file/interpolation/; where the page is silent, what
`docker compose config` answers decides (an expression ends on its line, `$1` is two plain characters).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from hybrid_tasks.env.masking import secret_name
from hybrid_tasks.errors import WrongInput

Lookup = Callable[[str], str | None]

LARGEST = 2 * 1024 * 1024
"""Characters an environment may grow to: more than any kernel passes to a program."""
DEEPEST = 20
"""How deep defaults may be nested; keeps the recursion far from the interpreter's limit."""

PLAIN = "write `$$` for a plain dollar sign, or put the value in single quotes"

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_OPERATOR = re.compile(r":?[-+?]")
_BRACES = re.compile(r"\$\{|\}")


class BadTemplate(WrongInput):
    """A value that cannot be interpolated; says what is wrong with it, never the value itself."""


@dataclass(frozen=True, slots=True)
class Expanded:
    """An interpolated value, and the names that were not set and became empty (each once, in order)."""

    value: str
    unset: tuple[str, ...] = ()


def expand(template: str, lookup: Lookup, limit: int = LARGEST) -> Expanded:
    """Interpolate a value.

    Args:
        template: the value as written, escapes already resolved.
        lookup: gives the value of a name, or None when it is not set.
        limit: characters the result may have.

    Returns:
        the value and the names it missed.

    Raises:
        BadTemplate: an expression is malformed, a required variable is missing, or the result is too large.
    """
    if "$" not in template:
        return Expanded(template)
    expansion = _Expansion(lookup, limit)
    # an expression never crosses a line break, so lines are independent
    value = "\n".join(expansion.line(line, 0) for line in template.split("\n"))
    return Expanded(value, tuple(expansion.unset))


def unset_warnings(place: str, name: str, expanded: Expanded, dot: str = " ") -> tuple[str, ...]:
    """What to say about names that were not set.

    Args:
        place: where the value is written.
        name: the variable that has the value.
        expanded: the value.
        dot: what stands between place and name.

    Returns:
        one sentence for each; for a secret without the name, which may be a piece of a password behind its `$`.
    """
    return tuple(
        f"{place}{dot}{name}: {'the name after a `$`' if secret_name(name) else f'`${missing}`'} is not set, "
        f"so it is empty; {PLAIN}, or give a default: `${{NAME:-default}}`"
        for missing in expanded.unset
    )


class _Expansion:
    """One run of `expand`: what it may still spend, and what it missed."""

    def __init__(self, lookup: Lookup, limit: int) -> None:
        self.lookup = lookup
        self.left = limit
        self.unset: dict[str, None] = {}

    def line(self, text: str, depth: int) -> str:
        if depth > DEEPEST:
            raise BadTemplate(
                f"defaults are nested more than {DEEPEST} deep", "give the inner default a name of its own"
            )
        pieces: list[str] = []
        at, last = 0, text.rfind("}")
        while (dollar := text.find("$", at)) >= 0:
            pieces.append(text[at:dollar])
            if text.startswith("$", dollar + 1):
                piece, at = "$", dollar + 2
            elif text.startswith("{", dollar + 1):
                piece, at = self.braced(text, dollar, last, depth)
            elif name := _NAME.match(text, dollar + 1):
                piece, at = self.value(name.group()), name.end()
            else:
                piece, at = "$", dollar + 1
            self.spend(piece)
            pieces.append(piece)
        pieces.append(text[at:])
        return "".join(pieces)

    def braced(self, text: str, dollar: int, last: int, depth: int) -> tuple[str, int]:
        """What the `${…}` that begins at `dollar` stands for, and where the text goes on."""
        name = _NAME.match(text, dollar + 2)
        if name is None:
            raise BadTemplate("`${` is not followed by a variable name", PLAIN)
        if text.startswith("}", name.end()):
            return self.value(name.group()), name.end() + 1
        operator = _OPERATOR.match(text, name.end())
        if operator is None:
            raise BadTemplate("`${NAME` is followed neither by `}` nor by an operator such as `:-`", PLAIN)
        if last < operator.end():
            raise BadTemplate(
                "`${` is not closed by `}` on the same line", f"close it (a ` #` ends the value); or {PLAIN}"
            )
        close = _closing(text, dollar, last)
        argument = text[operator.end() : close]
        return self.choose(name.group(), operator.group(), argument, depth + 1), close + 1

    def choose(self, name: str, operator: str, argument: str, depth: int) -> str:
        """What `${NAME operator argument}` stands for."""
        value = self.lookup(name)
        there = bool(value) if operator.startswith(":") else value is not None
        used = there if operator.endswith("+") else not there
        missed = len(self.unset)
        # as in Compose, a mistake in the argument counts even where the argument is not needed
        filled = self.line(argument, depth)
        while not used and len(self.unset) > missed:
            self.unset.popitem()
        if operator.endswith("?") and not there:
            empty = "empty or " if operator.startswith(":") else ""
            # the message as written: filled in it may hold a secret
            raise BadTemplate(f"`{name}` is required and {empty}not set", argument or f"set `{name}`")
        if used:
            return filled
        return "" if operator.endswith("+") else value or ""

    def value(self, name: str) -> str:
        value = self.lookup(name)
        if value is None:
            self.unset[name] = None
            return ""
        return value

    def spend(self, piece: str) -> None:
        self.left -= len(piece)
        if self.left < 0:
            raise BadTemplate(
                "the value grows too large when its variables are filled in", "no program can be given it; shorten it"
            )


def _closing(text: str, dollar: int, last: int) -> int:
    """The `}` that closes the `${` at `dollar`; the line's last one when they do not balance."""
    depth = 0
    for brace in _BRACES.finditer(text, dollar, last + 1):
        depth += 1 if brace.group() == "${" else -1
        if depth == 0:
            return brace.start()
    return last
