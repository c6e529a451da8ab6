"""Readers that go away: `inv --list | head` ends quietly."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable

READER_GONE = 141
"""What the shell reports for a program that wrote to a closed pipe."""


def abandon() -> None:
    """Let standard output end in /dev/null, so that the interpreter's last flush has nothing to complain about."""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)


def quietly(printing: Callable[[], None]) -> None:
    """Run something that prints; the end of its reader is the end of it, without a word.

    Args:
        printing: may raise; that passes through.
    """
    try:
        try:
            printing()
        finally:
            if sys.stdout is not None:
                sys.stdout.flush()
    except BrokenPipeError:
        abandon()
        sys.exit(READER_GONE)
