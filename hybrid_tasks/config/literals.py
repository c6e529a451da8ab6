"""Values written as TOML, for hints and for the file `inv dev-init` writes."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator

_BARE = re.compile(r"[A-Za-z0-9_-]+")


def literal(value: object) -> str:
    """Write a value as TOML on one line.

    Args:
        value: a text, number, boolean, list or table of such.

    Returns:
        what stands behind the `=`.

    Raises:
        TypeError: TOML has no such value.
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int) or (isinstance(value, float) and math.isfinite(value)):
        return str(value)
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, list | tuple):
        return "[" + ", ".join(literal(one) for one in value) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key(name)} = {literal(one)}" for name, one in value.items()) + "}"
    raise TypeError(f"TOML has no {type(value).__name__}")


def key(name: str) -> str:
    """Write the name of a key or a table, in quotes where it needs them."""
    return name if _BARE.fullmatch(name) else literal(name)


def pairs(name: str, value: object) -> Iterator[tuple[str, str]]:
    """Write nested tables as lines of `NAME = VALUE`.

    Args:
        name: of the table, as TOML has it.
        value: the table, or anything with a literal.

    Yields:
        dotted keys with the literals of their values; what has none and empty lists are left out.
    """
    if isinstance(value, dict):
        for below, item in value.items():
            yield from pairs(f"{name}.{key(below)}", item)
    elif value is not None and value != []:
        yield name, literal(value)
