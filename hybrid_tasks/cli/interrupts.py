"""Ctrl+C while something is done for the user: once undoes it gracefully, twice at once, more often changes nothing."""

from __future__ import annotations

import contextlib
import signal
import sys
from collections.abc import Callable, Iterator
from types import FrameType
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from hybrid_tasks.control.client import Connection

GIVE_UP = 3
"""Presses after which nothing is waited for any more."""


class PressedAgain(Exception):
    """Ctrl+C was pressed a second time: what is under way is too slow for the user."""


class Presses:
    """Counts Ctrl+C, instead of letting it interrupt us anywhere.

    Once pressed it stays counted: whoever presses five times means the same as with two, and the end of this
    process must not be disturbed by the rest.

    Attributes:
        count: how often it was pressed.
    """

    def __init__(self) -> None:
        self.count = 0
        self._interrupting = False
        self._passed_on = 0
        self._before: signal._HANDLER = signal.SIG_DFL

    def __enter__(self) -> Self:
        self._before = signal.signal(signal.SIGINT, self._pressed)
        return self

    def __exit__(self, *_: object) -> None:
        # Ignored until we end: Python gives up every other handler before that.
        signal.signal(signal.SIGINT, signal.SIG_IGN if self.count else self._before)

    def pass_on(self, connection: Connection, tell: Callable[[str], None] | None = None) -> None:
        """Cancel what is waited for, once for each press; to be called often meanwhile.

        Args:
            connection: of the request.
            tell: says what a press brings about; None: on standard error.

        Raises:
            KeyboardInterrupt: it was pressed so often that nobody can want to wait any longer.
        """
        while self._passed_on < min(self.count, GIVE_UP):
            self._passed_on += 1
            if self._passed_on == GIVE_UP:
                raise KeyboardInterrupt
            (tell or say)("stopping (Ctrl+C again: at once)" if self._passed_on == 1 else "killing")
            connection.cancel()

    @contextlib.contextmanager
    def interrupting(self) -> Iterator[None]:
        """Let the first press, also one before, raise KeyboardInterrupt in code that knows nothing of us."""
        try:
            self._interrupting = True
            if self.count:
                raise KeyboardInterrupt
            yield
        finally:
            self._interrupting = False

    def again(self) -> None:
        """Look whether it was pressed a second time.

        Raises:
            PressedAgain: it was.
        """
        if self.count > 1:
            raise PressedAgain

    def _pressed(self, _number: int, _frame: FrameType | None) -> None:
        self.count += 1
        if self._interrupting and self.count == 1:
            raise KeyboardInterrupt


def say(words: str) -> None:
    """Tell what a press brings about, below the `^C` that the terminal shows."""
    if sys.stderr is not None:
        print(f"\n{words}", file=sys.stderr)
