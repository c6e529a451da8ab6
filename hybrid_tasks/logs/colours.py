"""The colour of each service: the same every day, different from its neighbours' where there are enough."""

from __future__ import annotations

import re
from collections.abc import Iterable
from zlib import crc32

PALETTE = ("36", "33", "32", "35", "34", "38;5;208", "38;5;37", "38;5;170", "38;5;70", "38;5;68", "38;5;136", "38;5;99")
"""SGR parameters that are readable on dark and on light; red stays for errors."""

_VALID = re.compile(r"[0-9;]{1,16}")


def colour_of(name: str, names: Iterable[str] = ()) -> str:
    """The colour of a service among its project's.

    Args:
        name: the service.
        names: all services of the project; as long as there are colours enough, no two get the same.

    Returns:
        parameters of an SGR sequence (`36`).
    """
    taken: dict[int, str] = {}
    for other in sorted({*names, name}):
        at = first = crc32(other.encode("utf-8", "replace")) % len(PALETTE)
        while at in taken and len(taken) < len(PALETTE):
            at = (at + 1) % len(PALETTE)
        if len(taken) == len(PALETTE):
            at = first
        taken.setdefault(at, other)
        if other == name:
            return PALETTE[at]
    raise AssertionError("unreachable: the name is among the names")


def usable(colour: object) -> bool:
    """Whether what a file names as a colour may be sent to a terminal."""
    return isinstance(colour, str) and _VALID.fullmatch(colour) is not None
