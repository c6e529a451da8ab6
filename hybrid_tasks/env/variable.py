"""A value and where it came from."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from hybrid_tasks.env.masking import printable
from hybrid_tasks.model.service import Origin


@dataclass(frozen=True, slots=True)
class Variable:
    """One variable of an environment.

    Args:
        name: its name.
        value: its value, interpolated.
        origin: the place in a file, or words such as `client environment` or `services.api.env`.
        overrode: what it replaced, the most recent first.
        warnings: whole sentences about it, to be shown once.
    """

    name: str
    value: str
    origin: Origin | str
    overrode: tuple[Variable, ...] = ()
    warnings: tuple[str, ...] = ()


def named(path: Path, root: Path | None = None) -> str:
    """The way people are told of a file: relative to the project where it is inside, on one line.

    Args:
        path: the file.
        root: the project's directory.

    Returns:
        a path without control characters.
    """
    inside = root is not None and path.is_relative_to(root)
    return printable(str(path.relative_to(root) if inside and root is not None else path))


def source(variable: Variable, root: Path | None = None) -> str:
    """Where a variable came from, in words: `.env:3`, `client environment`.

    Args:
        variable: the variable.
        root: the project's directory.

    Returns:
        one line.
    """
    origin = variable.origin
    return f"{named(origin.file, root)}:{origin.line}" if isinstance(origin, Origin) else printable(origin)
