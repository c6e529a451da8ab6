"""Strangers' code is called in a thread of its own, with a deadline, and cannot write to our standard output."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from types import TracebackType
from typing import TextIO, TypeVar

T = TypeVar("T")

DEADLINE = 10.0
"""Seconds a hook has to answer."""


class Overdue(Exception):
    """The call had not returned when its time was over; its thread is left behind."""


class Aside:
    """While somebody is inside, what is printed goes to standard error.

    Standard output carries our own protocol (`--once`) and tables; a plugin's `print` must not land in it.
    Several threads may be inside at once, hence the count: the last one out puts the stream back.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._inside = 0
        self._ours: TextIO | None = None

    def __enter__(self) -> None:
        with self._lock:
            if self._inside == 0:
                self._ours, sys.stdout = sys.stdout, sys.stderr
            self._inside += 1

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._lock:
            self._inside -= 1
            if self._inside == 0 and self._ours is not None:
                sys.stdout, self._ours = self._ours, None


def within(call: Callable[[], T], seconds: float, aside: Aside) -> T:
    """Give what `call` returns, or raise what it raises, within a time.

    Args:
        call: the stranger's code.
        seconds: how long it may take.
        aside: where its printing is sent meanwhile.

    Raises:
        Overdue: it did not come back in time.
        BaseException: whatever it raised, `SystemExit` included.
    """
    answers: list[T] = []
    failures: list[BaseException] = []
    done = threading.Event()

    def run() -> None:
        try:
            answers.append(call())
        except BaseException as error:  # noqa: BLE001 - a plugin may raise anything, SystemExit too
            failures.append(error)
        done.set()

    with aside:
        threading.Thread(target=run, name="hybrid-plugin", daemon=True).start()
        finished = done.wait(seconds)
    if not finished:
        raise Overdue
    if failures:
        raise failures[0]
    return answers[0]
