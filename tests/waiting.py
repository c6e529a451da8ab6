"""Waiting for something to become true, with a deadline and without guessing how long it takes."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def until(predicate: Callable[[], T], timeout: float = 10.0, every: float = 0.005) -> T:
    """Ask again and again until the answer is true, and give that answer.

    Raises:
        AssertionError: it was still false after `timeout` seconds.
    """
    pause = threading.Event()
    deadline = time.monotonic() + timeout
    while not (answer := predicate()):
        if time.monotonic() > deadline:
            name = getattr(predicate, "__name__", "condition")
            raise AssertionError(f"{name} was still {answer!r} after {timeout} s")
        pause.wait(every)
    return answer
