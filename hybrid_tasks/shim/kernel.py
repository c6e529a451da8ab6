"""The two calls to the kernel that Python has no name for: `prctl` as subreaper and as death signal."""

from __future__ import annotations

import ctypes
import os
import sys

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36

_prctl = ctypes.CDLL(None, use_errno=True).prctl if sys.platform == "linux" else None


def adopt_descendants() -> None:
    """Become the parent of every descendant whose own parent ends before it (a child subreaper)."""
    _call(PR_SET_CHILD_SUBREAPER, 1)


def die_with_parent(signal: int) -> None:
    """Have the kernel send us this signal when the thread that forked us ends.

    The caller must compare `getppid` afterwards: the parent may be dead already.
    """
    _call(PR_SET_PDEATHSIG, signal)


def _call(option: int, argument: int) -> None:
    if _prctl is not None and _prctl(option, argument, 0, 0, 0) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
