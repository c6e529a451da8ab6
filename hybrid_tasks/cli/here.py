"""The project this command is for, and what is known of it without loading it."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path

from hybrid_tasks.config.locate import CONFIG, find_config, find_project
from hybrid_tasks.errors import WrongInput

_SECONDS = r"(?P<number>\d{1,7}(?:\.\d{1,3})?)(?P<unit>ms|s|m|h|)"
_UNITS = {"ms": 0.001, "s": 1.0, "": 1.0, "m": 60.0, "h": 3600.0}


def project() -> Path:
    """Find the project of the current directory.

    Returns:
        its root.

    Raises:
        WrongInput: there is none here or above.
    """
    root = find_project(Path())
    if root is None:
        raise WrongInput(
            f"there is no project here: neither this directory nor one above has a `{CONFIG}`",
            "write one with `inv dev-init`",
        )
    return root


def table_names(root: Path, table: str) -> list[str]:
    """The names of the tables `[services.NAME]` or `[steps.NAME]`, found without parsing.

    Args:
        root: the project's directory.
        table: `services`, `steps` or `modes`.

    Returns:
        the names in the order of the file; wrong lines are somebody else's matter.
    """
    file = find_config(root)
    if file is None:
        return []
    try:
        text = file.read_text("utf-8-sig", "replace")
    except OSError:
        return []
    if table not in text:  # asked by every `inv`, and to compile the pattern takes longer than to read the file
        return []
    inside = "" if file.name == CONFIG else r"tool\s*\.\s*hybrid\s*\.\s*"
    header = re.compile(rf"^[ \t]*\[[ \t]*{inside}{table}\s*\.\s*[\"']?([A-Za-z0-9_-]+)[\"']?\s*[\].]", re.MULTILINE)
    return list(dict.fromkeys(header.findall(text)))


def seconds(text: str, flag: str = "--timeout") -> float:
    """Read a duration.

    Args:
        text: `120`, `90s`, `2m`, `500ms`.
        flag: where it was written.

    Returns:
        seconds.

    Raises:
        WrongInput: it is none.
    """
    match = re.fullmatch(_SECONDS, text.strip(), re.ASCII)
    if match is None:
        raise WrongInput(f"`{text}` is not a duration", "write seconds, or 90s, 2m, 1h", subject=f"`{flag}`")
    return float(match["number"]) * _UNITS[match["unit"]]


def verbatim(words: str | None, flag: str = "--words") -> list[str]:
    """Read a flag that holds words as a JSON list.

    Args:
        words: what `positionals` made of the words, or what the user wrote.
        flag: where it was written.

    Returns:
        the words, byte for byte.

    Raises:
        WrongInput: it is no list of texts, or a word holds a NUL, which no program can be given.
    """
    if words is None:
        return []
    try:
        read = json.loads(words)
    except (ValueError, RecursionError):
        read = None
    if not isinstance(read, list) or not all(isinstance(word, str) for word in read):
        raise WrongInput(f"`{flag}` is not a JSON list of texts", """write '["pytest", "-k", "x"]'""")
    if any("\0" in word for word in read):
        raise WrongInput("a word holds a NUL byte, which no program can be given")
    return read


def only(names: Sequence[str] | None) -> list[str]:
    """The names that were given, each once and in order."""
    return list(dict.fromkeys(names or ()))
