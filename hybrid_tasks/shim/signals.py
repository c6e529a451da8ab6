"""Signals of template, shims and programs: set once in the template, inherited by shims, undone for programs.

What shims and programs call is taken from `_signal`: the functions of `signal` turn every number into an enum and
back, which costs a forked process fresh memory.
"""

from __future__ import annotations

import _signal  # type: ignore[import-not-found] # no stub
import os
import signal

IGNORED = tuple(map(int, (signal.SIGINT, signal.SIGHUP, signal.SIGQUIT, signal.SIGTSTP)))
"""Only the supervisor and SIGTERM end a job."""
NOTICED = tuple(map(int, (signal.SIGTERM, signal.SIGCHLD)))
OF_PYTHON = tuple(map(int, (signal.SIGPIPE, signal.SIGXFSZ)))
"""What the interpreter ignores; a program that ignored SIGPIPE would never end in `| head`."""
MEANT = (*IGNORED, *NOTICED)
CHANGED = (*MEANT, *OF_PYTHON)


def prepare() -> None:
    """Set the signals of this process and of all that it forks."""
    release()
    for number in signal.valid_signals():
        # What a shell or `nohup` had us ignore would stay ignored for ever, in every program.
        if signal.getsignal(number) == signal.SIG_IGN and number not in OF_PYTHON:
            signal.signal(number, signal.SIG_DFL)
    for ignored in IGNORED:
        signal.signal(ignored, signal.SIG_IGN)
    for noticed in NOTICED:
        signal.signal(noticed, _nothing)


def wakeups() -> int:
    """Have every signal that we notice write its number, one byte, to a pipe.

    Returns:
        the pipe's read end, non-blocking: a poll on it never misses the end of a child.
    """
    read, write = os.pipe()
    os.set_blocking(read, False)
    os.set_blocking(write, False)
    signal.set_wakeup_fd(write, warn_on_full_buffer=False)
    return read


def taken(wakeup: int) -> bytes:
    """The signals that have arrived since the last time, a byte each.

    Args:
        wakeup: what `wakeups` gave.
    """
    try:
        return os.read(wakeup, 4096)
    except BlockingIOError:
        return b""


def hold() -> None:
    """Keep back the signals that have a meaning for us, across a fork: they are the child's to die of."""
    _signal.pthread_sigmask(_signal.SIG_BLOCK, MEANT)


def release() -> None:
    """Let through what `hold` has kept back."""
    _signal.pthread_sigmask(_signal.SIG_SETMASK, ())


def restore() -> None:
    """Give a program all signals as a login shell would: default actions, nothing blocked."""
    for number in CHANGED:
        _signal.signal(number, _signal.SIG_DFL)
    release()


def _nothing(_number: int, _frame: object) -> None:
    """Leave it to the byte that wakes the loop."""
