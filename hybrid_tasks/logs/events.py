"""What happened to a service, told between its own lines: written by us as one more job of it, read like any other.

Each line of such a log is a JSON object with `event` (`live`, `failed`, `crashed` …), `level`, `text` and perhaps
`receipt`; its file and index have the shim's format, so that merging, following and the size cap need to know nothing.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from hybrid_tasks.logs.index import EXIT, MAGIC, RECORD, STDOUT, index_path

EVENT = "event"
"""The role of these logs."""

CAP = 1 << 20
"""Bytes after which a new file begins, so that the size cap of a service can remove old ones."""

_CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC


class EventLog:
    """The events of one service; the supervisor is the only writer.

    Args:
        log_dir: the service's log folder.
        now: seconds since the epoch.
        cap: bytes of one file.
    """

    def __init__(self, log_dir: Path, now: Callable[[], float] = time.time, cap: int = CAP) -> None:
        self._log_dir = log_dir
        self._now = now
        self._cap = cap
        self._log = self._index = -1

    def add(self, event: str, text: str, level: str = "info", **more: str) -> None:
        """Write down that something happened; a full disk loses the line and harms nobody.

        Args:
            event: a word for programs.
            text: one line for people.
            level: a name of `levels.py`.
            more: further facts for programs.
        """
        with contextlib.suppress(OSError):
            self._append(line(event, text, level, **more))

    def close(self) -> None:
        """Say that nothing will follow."""
        with contextlib.suppress(OSError):
            if self._index >= 0:
                os.write(self._index, RECORD.pack(0, 0, self._now(), EXIT))
        for descriptor in (self._log, self._index):
            if descriptor >= 0:
                os.close(descriptor)
        self._log = self._index = -1

    def _append(self, line: bytes) -> None:
        if self._log >= 0 and ((about := os.fstat(self._log)).st_size > self._cap or not about.st_nlink):
            self.close()  # full, or removed under us by `dev-clean`
        if self._log < 0:
            self._open()
        offset = os.fstat(self._log).st_size
        if os.write(self._log, line) == len(line):  # the bytes come before the record that names them
            os.write(self._index, RECORD.pack(offset, len(line), self._now(), STDOUT))

    def _open(self) -> None:
        self._log_dir.mkdir(parents=True, exist_ok=True)
        stamp = datetime.fromtimestamp(self._now(), UTC).strftime("%Y%m%dT%H%M%S.%f")
        path = self._log_dir / f"{stamp}-{EVENT}-{os.urandom(6).hex()}.log"
        self._log = os.open(path, _CREATE, 0o600)
        try:
            fcntl.flock(self._log, fcntl.LOCK_SH)  # the size cap removes nothing that is in use
            self._index = os.open(index_path(path), _CREATE, 0o600)
            os.write(self._index, MAGIC)
        except OSError:
            self.close()
            raise


def line(event: str, text: str, level: str, **more: str) -> bytes:
    """One event as it stands in such a log; the arguments are those of `EventLog.add`."""
    return json.dumps({"event": event, "level": level, "text": text, **more}).encode() + b"\n"


def told(data: bytes) -> Iterator[dict[str, str]]:
    """The events of a piece of such a log; what is damaged is passed over.

    Args:
        data: complete lines.
    """
    for line in data.splitlines():
        with contextlib.suppress(ValueError):
            event = json.loads(line)
            if isinstance(event, dict):
                yield {str(name): str(value) for name, value in event.items()}
