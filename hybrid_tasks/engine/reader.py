"""Watchdog's inotify reader, made to outlive what handling an event may raise."""

from __future__ import annotations

import fcntl
import os
import termios
from collections.abc import Callable
from pathlib import Path

from watchdog.observers.inotify_c import InotifyFD


class Reader(InotifyFD):
    """Watchdog's reader, told when a batch of events was handled, and deaf to what handling one raises.

    Args:
        handled: called after each batch.
        failed: called with what an event's handling raised.
    """

    def __init__(self, handled: Callable[[], None], failed: Callable[[Exception], None]) -> None:
        super().__init__()
        self.name = "hybrid-inotify"
        self._handled = handled
        self._failed = failed
        os.set_inheritable(self._inotify_fd, False)

    def run(self) -> None:
        """Read and handle events until stopped."""
        while self.should_keep_running():
            try:
                events = self.read_events()
                if not events:
                    os.fstat(self._inotify_fd)  # a descriptor closed behind our back must not spin: end, be replaced
            except OSError:
                return
            for event in events:
                self._contained(lambda event=event: self.handle_event(event))  # type: ignore[misc]
            self._contained(self._handled)

    def watches(self) -> int:
        """Ask the kernel how many watches there are."""
        try:
            return Path(f"/proc/self/fdinfo/{self._inotify_fd}").read_bytes().count(b"inotify wd:")
        except OSError:
            return 0

    def behind(self) -> bool:
        """Say whether there are events not read yet."""
        waiting = fcntl.ioctl(self._inotify_fd, termios.FIONREAD, b"\0" * 4)
        return waiting != b"\0" * 4

    def _contained(self, action: Callable[[], None]) -> None:
        try:
            action()
        except Exception as error:  # noqa: BLE001 - an ended thread would see no save any more
            self._failed(error)
