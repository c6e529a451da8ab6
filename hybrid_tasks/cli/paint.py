"""Whether to colour, the few colours there are, and text that a terminal cannot be fooled by."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, Self, TextIO

ONLY_FALLBACK = (80, 24)


def harmless(text: str) -> list[str]:
    """The lines of a text of others, without anything a terminal would obey."""
    if text.isascii() and text.replace("\n", "").isprintable():
        return text.split("\n")
    from hybrid_tasks.logs.escapes import clean  # its patterns take longer to compile than most texts to print

    return clean(text.encode("utf-8", "replace"), colours=False).decode().split("\n")


def harmless_in(value: Any) -> Any:
    """The same mappings and lists with every text in them harmless."""
    if isinstance(value, str):
        return "\n".join(harmless(value))
    if isinstance(value, Mapping):
        return {key: harmless_in(item) for key, item in value.items()}
    return [harmless_in(item) for item in value] if isinstance(value, (list, tuple)) else value


def is_terminal(stream: TextIO | None) -> bool:
    """Whether somebody looks at it; False for a closed stream."""
    try:
        return stream is not None and stream.isatty()
    except ValueError:
        return False


def is_live(stream: TextIO | None, environ: Mapping[str, str] = os.environ) -> bool:
    """Whether lines may be redrawn: a terminal that can, and nobody's log (`CI`)."""
    return is_terminal(stream) and environ.get("TERM", "dumb") != "dumb" and not environ.get("CI")


def size(stream: TextIO | None) -> tuple[int, int]:
    """Columns and lines of a terminal, with what is usual where it does not say."""
    try:
        found = os.get_terminal_size(stream.fileno()) if stream is not None else None
    except (OSError, ValueError):
        found = None
    if found is None or not found.columns:
        return ONLY_FALLBACK
    return found.columns, found.lines or ONLY_FALLBACK[1]


class Paint:
    """Colours text, or leaves it alone; a plain class, because a dataclass costs every `inv` a millisecond.

    Args:
        on: whether to colour.
    """

    __slots__ = ("on",)

    def __init__(self, on: bool) -> None:
        self.on = on

    @classmethod
    def of(cls, stream: TextIO | None, environ: Mapping[str, str] = os.environ) -> Self:
        """Decide for a stream: `FORCE_COLOR`, `NO_COLOR`, `CLICOLOR_FORCE`, then whether it is a terminal."""
        if environ.get("FORCE_COLOR"):
            return cls(on=True)
        if environ.get("NO_COLOR"):
            return cls(on=False)
        if environ.get("CLICOLOR_FORCE", "0") not in {"", "0"}:
            return cls(on=True)
        return cls(on=is_terminal(stream) and environ.get("TERM", "dumb") != "dumb")

    def _sgr(self, code: str, text: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if self.on and text else text

    def red(self, text: str) -> str:
        """Failed."""
        return self._sgr("31", text)

    def green(self, text: str) -> str:
        """Healthy."""
        return self._sgr("32", text)

    def yellow(self, text: str) -> str:
        """On its way, or in need of a look."""
        return self._sgr("33", text)

    def dim(self, text: str) -> str:
        """Of lesser interest."""
        return self._sgr("2", text)

    def bold(self, text: str) -> str:
        """A heading."""
        return self._sgr("1", text)
