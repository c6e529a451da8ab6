"""Handing dirty paths to the engine: at once, in batches, and never lost because the receiver failed."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path

OnDirty = Callable[[frozenset[Path] | None], None]
"""Told which paths may have changed; None: anything may have, compare everything."""

_MIDDLE = 0.05
"""Seconds that a save may stay unfinished before its file is reported all the same."""
_AGAIN = 0.1
_AGAIN_LIMIT = 5.0


class Delivery:
    """Collects what is dirty until `flush` and hands it over, from whichever thread noticed it.

    A second thread, asleep unless needed, delivers what has to wait: a file whose save seems to be in the middle
    (created or truncated and not closed, moved away and not back yet), and what the receiver did not take because it
    raised.

    Args:
        on_dirty: the receiver; never called twice at the same time.
    """

    def __init__(self, on_dirty: OnDirty) -> None:
        self._on_dirty = on_dirty
        self._marks = threading.Condition()
        self._one_at_a_time = threading.RLock()
        self._paths: set[str] = set()
        self._everything = False
        self._late: dict[str, float] = {}
        self._again: float | None = None
        self._pause = _AGAIN
        self._closed = False
        self._failure: str | None = None
        self._thread: threading.Thread | None = None

    @property
    def failure(self) -> str | None:
        """What the receiver raised the last time, until it takes a delivery again."""
        return self._failure

    def mark(self, *paths: str) -> None:
        """Note paths for the next `flush`."""
        with self._marks:
            self._paths.update(paths)
            for path in paths:
                self._late.pop(path, None)

    def mark_unfinished(self, path: str) -> None:
        """Note a file that is being saved: delivered when the save is complete (`mark`), or 50 ms from now."""
        with self._marks:
            if path not in self._paths and path not in self._late:
                self._late[path] = time.monotonic() + _MIDDLE
                self._wake()

    def mark_everything(self) -> None:
        """Note that events were lost, so that nothing short of a full comparison will do."""
        with self._marks:
            self._everything = True

    def flush(self) -> None:
        """Hand over what is noted; an exception of the receiver is kept as `failure` and the delivery repeated."""
        with self._one_at_a_time:
            with self._marks:
                paths, everything = self._paths, self._everything
                self._paths, self._everything = set(), False
            if self._closed or not (paths or everything):
                return
            try:
                self._on_dirty(None if everything else frozenset(map(Path, paths)))
            except Exception as error:  # noqa: BLE001 - whatever it is must not end the thread that watches
                with self._marks:
                    self._failure = f"{type(error).__name__}: {error}"
                    self._paths |= paths
                    self._everything = self._everything or everything
                    self._again = time.monotonic() + self._pause
                    self._pause = min(2 * self._pause, _AGAIN_LIMIT)
                    self._wake()
            else:
                self._failure, self._again, self._pause = None, None, _AGAIN

    def close(self) -> None:
        """Deliver nothing any more."""
        with self._marks:
            self._closed = True
            self._marks.notify()
            thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join()

    def _wake(self) -> None:
        if self._thread is None and not self._closed:
            self._thread = threading.Thread(target=self._deliver_late, name="hybrid-late-events", daemon=True)
            self._thread.start()
        self._marks.notify()

    def _deliver_late(self) -> None:
        while True:
            with self._marks:
                if self._closed:
                    return
                now = time.monotonic()
                due = [path for path, at in self._late.items() if at <= now]
                if not due and (self._again is None or self._again > now):
                    times = [*self._late.values(), *([self._again] if self._again is not None else [])]
                    self._marks.wait(min(times) - now if times else None)
                    continue
                self._paths.update(due)
                for path in due:
                    del self._late[path]
                self._again = None
            self.flush()
