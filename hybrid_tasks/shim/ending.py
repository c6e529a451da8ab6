"""How a job ends: its stop signal, its grace, and then SIGKILL until nothing of it is left."""

from __future__ import annotations

import os
import signal
import time
from contextlib import suppress

from .family import below, signal_all

UNKILLABLE = 5.0  # seconds after the first KILL when what still lives is reported instead of waited for
NEXT_KILL = 0.001  # seconds between two rounds of KILL: less than it takes to fork away from them


class Ending:
    """The one deadline of a job, from the first reason to end it.

    Args:
        main: the pid of its program, leader of its own group.
        number: the signal that asks it to end.
        grace: seconds between asking and killing, where nothing else is said.
    """

    def __init__(self, main: int, number: int, grace: float) -> None:
        self._main = main
        self._number = number
        self._grace = grace
        self._deadline: float | None = None
        self._killing_since: float | None = None
        self._spared_group: int | None = None  # the program's group, once it has had its signal
        self._main_lives = True
        self._reached: set[int] = set()
        self.killed = False
        """Whether SIGKILL was needed."""
        self.spared: set[int] = set()
        """Descendants that are shims of their own jobs: neither they nor what is below them is ours to end."""

    @property
    def leftovers(self) -> int:
        """How many other processes than the program had to be ended."""
        return len(self._reached - {self._main})

    @property
    def due(self) -> float | None:
        """When `act` is to be called next (monotonic)."""
        return self._deadline

    @property
    def hopeless(self) -> bool:
        """Whether something survives SIGKILL: it hangs in the kernel, or is another user's."""
        return self._killing_since is not None and time.monotonic() > self._killing_since + UNKILLABLE

    def spare(self, pid: int) -> None:
        """Leave a descendant and all that is below it alone.

        Args:
            pid: the shim of a job that our program has forked.
        """
        self.spared.add(pid)

    def only_spared(self) -> bool:
        """Whether nothing lives below us but what is spared; it goes to our own parent when we end."""
        return bool(self.spared) and not below(os.getpid(), self.spared)

    def stop(self, grace: float | None = None) -> None:
        """Ask the program to end; asked again, only an earlier deadline counts.

        Args:
            grace: seconds until it is killed.
        """
        deadline = time.monotonic() + (self._grace if grace is None else grace)
        if self._deadline is not None:
            self._deadline = min(self._deadline, deadline)
            return
        self._deadline = deadline
        if not self._main_lives:
            return
        try:
            os.killpg(self._main, self._number)
            os.killpg(self._main, signal.SIGCONT)  # a stopped process would not notice
            self._spared_group = self._main
        except OSError:  # it has not made its group yet
            with suppress(OSError):
                os.kill(self._main, self._number)

    def main_ended(self) -> None:
        """The program is gone: ask everything else to end that has not been asked yet."""
        self._main_lives = False
        if self._deadline is None:
            self._deadline = time.monotonic() + self._grace
        # A second signal would make some programs give up a graceful end.
        self._reached |= signal_all(signal.SIGTERM, spare_group=self._spared_group, spared=self.spared)

    def act(self) -> None:
        """Kill everything when the grace is over."""
        now = time.monotonic()
        if self._deadline is None or now < self._deadline:
            return
        if self._killing_since is None:
            self._killing_since = now
        reached = signal_all(signal.SIGKILL, spared=self.spared)
        self._reached |= reached
        self.killed = self.killed or bool(reached)
        self._deadline = now + NEXT_KILL
