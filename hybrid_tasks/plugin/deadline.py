"""Strangers' code is called in a thread apart, with a deadline, and cannot write to our standard output."""

from __future__ import annotations

import queue
import sys
import threading
from collections.abc import Callable
from types import TracebackType
from typing import TextIO, TypeVar, cast

T = TypeVar("T")

DEADLINE = 10.0
"""Seconds a hook has to answer."""
IDLE = 1.0
"""Seconds without a call after which a thread ends."""


class Overdue(Exception):
    """The call had not returned when its time was over; its thread is left behind."""


class Aside:
    """While somebody is inside, what is printed goes to standard error.

    Standard output carries our own protocol (`--once`) and tables; a plugin's `print` must not land in it.
    Several threads may be inside at once, hence the count: the last one out puts the stream back.
    """

    def __init__(self) -> None:
        self.free: list[_Caller] = []
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


class _Caller:
    """A thread that calls what it is given, is free again only when that has come back, and ends when not needed.

    Args:
        free: where it puts itself when it is.
    """

    def __init__(self, free: list[_Caller]) -> None:
        self._free = free
        self._given: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        threading.Thread(target=self._run, name="plugin", daemon=True).start()

    def call(self, call: Callable[[], T]) -> queue.SimpleQueue[tuple[T | None, BaseException | None]]:
        """Begin a call, and give where its answer or what it raised will be."""
        answers: queue.SimpleQueue[tuple[T | None, BaseException | None]] = queue.SimpleQueue()

        def run() -> None:
            answer, failure = None, None
            try:
                answer = call()
            except BaseException as error:  # noqa: BLE001 - a plugin may raise anything, SystemExit too
                failure = error
            self._free.append(self)
            answers.put((answer, failure))

        self._given.put(run)
        return answers

    def _run(self) -> None:
        while True:
            try:
                call = self._given.get(timeout=IDLE)
            except queue.Empty:
                try:
                    self._free.remove(self)
                except ValueError:
                    continue  # somebody has just taken us
                return
            call()


def within(call: Callable[[], T], seconds: float, aside: Aside) -> T:
    """Give what `call` returns, or raise what it raises, within a time.

    Args:
        call: the stranger's code.
        seconds: how long it may take.
        aside: where its printing is sent meanwhile.

    Raises:
        Overdue: it did not come back in time; its thread is left behind.
        BaseException: whatever it raised, `SystemExit` included.
    """
    with aside:
        try:
            caller = aside.free.pop()
        except IndexError:
            caller = _Caller(aside.free)
        try:
            answer, failure = caller.call(call).get(timeout=seconds)
        except queue.Empty:
            raise Overdue from None
    if failure is not None:
        raise failure
    return cast("T", answer)
