"""Printing an environment: as a `.env` file, for a shell, as JSON, or with the source of every value.

Works on plain data, so that a client can print what came over the wire.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping

from hybrid_tasks.env.masking import masked, printable

LONGEST = 300
"""Characters of a value that `explained` shows."""

_PLAIN = re.compile(r"[A-Za-z0-9_./:@%+,-]+")
_FILE_NAME = re.compile(r"[A-Za-z0-9_.-]+")
_SHELL_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_QUOTED = str.maketrans({"\\": "\\\\", '"': '\\"', "$": "\\$", "\n": "\\n", "\r": "\\r"})


def dotenv(values: Mapping[str, str]) -> str:
    """The values as a `.env` file that Compose and we read back unchanged.

    Args:
        values: name to value.

    Returns:
        lines ending with a line break; what such a file cannot hold is named in a comment.
    """
    return "".join(f"{_dotenv_line(name, value)}\n" for name, value in values.items())


def shell(values: Mapping[str, str]) -> str:
    """The values as `export` lines for `eval "$(inv dev-env api --format shell)"`.

    Args:
        values: name to value.

    Returns:
        lines ending with a line break; every value is in single quotes, so nothing in it is ever run.
    """
    return "".join(f"{_shell_line(name, value)}\n" for name, value in values.items())


def as_json(values: Mapping[str, str]) -> str:
    """The values as one JSON object.

    Args:
        values: name to value.

    Returns:
        ASCII text ending with a line break.
    """
    return json.dumps(dict(values), indent=2) + "\n"


FORMATS: Mapping[str, Callable[[Mapping[str, str]], str]] = {"dotenv": dotenv, "shell": shell, "json": as_json}


def explained(variables: Iterable[Mapping[str, object]], *, reveal: bool = False) -> str:
    """Each value, where it came from, and what it overrode, secrets hidden.

    Args:
        variables: what `Environment.explain` gave.
        reveal: show secrets too.

    Returns:
        lines ending with a line break.
    """
    lines = []
    for variable in variables:
        name = str(variable["name"])
        lines.append(f"{printable(name)}={_shown(name, variable, reveal=reveal)}  ({variable['source']})")
        older = variable.get("overrode")
        lines.extend(
            f"    instead of {_shown(name, below, reveal=reveal)}  ({below['source']})"
            for below in (older if isinstance(older, list) else ())
        )
    return "".join(f"{line}\n" for line in lines)


def _shown(name: str, entry: Mapping[str, object], *, reveal: bool) -> str:
    value = str(entry["value"])
    text = value if reveal else masked(name, value)
    cut = f"… ({len(text)} characters)" if len(text) > LONGEST else ""
    return printable(text[:LONGEST]) + cut


def _dotenv_line(name: str, value: str) -> str:
    if not _FILE_NAME.fullmatch(name):
        return f"# {json.dumps(name)} is left out: no name for an env file"
    if any("\ud800" <= char <= "\udfff" for char in value):
        return f"# {name} is left out: its value is not UTF-8"
    if not value or _PLAIN.fullmatch(value):
        return f"{name}={value}"
    if "'" in value or "\\" in value:
        return f'{name}="{value.translate(_QUOTED)}"'
    return f"{name}='{value}'"


def _shell_line(name: str, value: str) -> str:
    if not _SHELL_NAME.fullmatch(name):
        return f"# {json.dumps(name)} is left out: no name for a shell"
    # inside single quotes a shell reads nothing but the closing quote
    return f"export {name}='" + value.replace("'", "'\\''") + "'"
