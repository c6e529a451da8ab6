"""How values and keys are written in a message: short, on one line, and harmless to a terminal."""

from __future__ import annotations

import json
import re
from datetime import date, time

from hybrid_tasks.config.positions import KeyPath

LONGEST = 60
"""Characters of a value that are shown."""

LONGEST_LINE = 350
"""Characters of a message; only names of hundreds of characters make one longer."""

_BARE = re.compile(r"[A-Za-z0-9_-]+")


def shown(value: object) -> str:
    """Write a TOML value as it would stand in the file, cut where it gets long.

    Args:
        value: what tomllib gave.

    Returns:
        one line of printable characters.
    """
    if isinstance(value, str):
        return quoted(value)
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int):
        return str(value) if abs(value) < 10**LONGEST else "a number that is far too long"
    if isinstance(value, float | date | time):
        return str(value)
    kind = "list" if isinstance(value, list) else "table" if isinstance(value, dict) else type(value).__name__
    return f"an empty {kind}" if value in ([], {}) else f"a {kind}"


def quoted(text: str) -> str:
    """Write a text in double quotes, cut after `LONGEST` characters, with every unprintable one escaped."""
    whole = text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
    return printable(json.dumps(whole, ensure_ascii=False))


def printable(text: str) -> str:
    """Write a text on one line, with an escape for everything that could move a terminal's cursor or hide."""
    return text if text.isprintable() else "".join(one if one.isprintable() else _escape(one) for one in text)


def line_of(text: str) -> str:
    """Write a message on one line that people can still read, whatever names it quotes."""
    whole = printable(text)
    return whole if len(whole) <= LONGEST_LINE else whole[: LONGEST_LINE - 1] + "…"


def plain(text: str) -> str:
    """Write a text without quotes, cut and escaped as `quoted` does."""
    return quoted(text)[1:-1]


def dotted(path: KeyPath) -> str:
    """Write a key path as TOML does, with list elements in brackets: `services.api.needs[0]`."""
    written = ""
    for part in path:
        if isinstance(part, int):
            written += f"[{part}]"
        else:
            written += ("." if written else "") + (
                part if _BARE.fullmatch(part) and len(part) <= LONGEST else quoted(part)
            )
    return written


def either(words: tuple[str, ...]) -> str:
    """Write a choice: `"a", "b" or "c"`."""
    names = [quoted(word) for word in words]
    return names[0] if len(names) == 1 else ", ".join(names[:-1]) + " or " + names[-1]


def _escape(one: str) -> str:
    return f"\\u{ord(one):04x}" if ord(one) < 1 << 16 else f"\\U{ord(one):08x}"
