"""Which signals a program ignores, as /proc tells it."""

from __future__ import annotations

RESERVED = 1 << (32 - 1) | 1 << (33 - 1)
"""Signals 32 and 33 belong to the C library (nptl(7)): no program can set them, so what starts the tests decides."""


def ignored(mask: str) -> int:
    """Read a SigIgn mask of /proc/*/status, without the signals that nobody can set.

    Args:
        mask: hexadecimal digits.
    """
    return int(mask, 16) & ~RESERVED
