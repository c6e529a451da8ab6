"""The log of one job: raw bytes in segments, each with an index of what was read when from which stream.

`<stem>.log`, then `<stem>.1.log`, `<stem>.2.log` and so on, each beside an `.idx` that starts with `MAGIC`
and holds `RECORD`s. The bytes of a record are written before the record.
"""

from __future__ import annotations

import fcntl
import os
import struct
import time
from contextlib import suppress

from .backlog import RING, Backlog
from .rotation import prune, segment_limit

MAGIC = b"HYBLOG1\n"
RECORD = struct.Struct("<QIdB")
"""offset, length, seconds since the epoch, stream."""
DROPPED = 3
"""offset: bytes that are missing here; length: line ends among them."""
EXIT = 4
"""offset: the exit code as an unsigned 32-bit number; length: 1 when the end of the supervisor was the reason."""

RETRY = 0.5
FIRST = 0.25  # making two files costs as much as all else that a shim does at a start
LOOK_AGAIN = 1.0
PRUNE_AFTER = 1.0
CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC


class LogFile:
    """Writes what a job says, and never blocks it: what the disk does not take waits in memory.

    Args:
        directory: where the segments go; made when it is missing.
        stem: the segments' common name.
        cap: bytes that all logs in the directory may take together.
        ring: bytes of memory for what cannot be written.
    """

    def __init__(self, directory: bytes, stem: bytes, cap: int, ring: int = RING) -> None:
        self._directory = directory
        self._stem = stem
        self._cap = cap
        self._limit = segment_limit(cap)
        self._backlog = Backlog(ring)
        self._segment = 0
        self._log = self._index = -1
        self._size = 0
        self._unindexed = b""
        self._look_again = 0.0
        self.trouble: str | None = None
        """Why nothing can be written at the moment."""
        self.retry_at: float | None = None
        """When `write_backlog` should be called next (monotonic), or None when all is written and readers find it."""
        self.prune_at: float | None = None
        """When `prune` should be called (monotonic): not while the job and perhaps many others are starting."""
        self.dropped = 0
        """Lines lost so far."""

    def begin(self) -> None:
        """Have the first segment made in a moment, if nothing is written before: many others may be starting now."""
        now = time.monotonic()
        self.retry_at, self.prune_at = now + FIRST, now + PRUNE_AFTER

    def prune(self) -> None:
        """Remove the service's oldest segments beyond the cap."""
        self.prune_at = None
        prune(self._directory, self._cap - self._limit)

    def write(self, stream: int, data: bytes | memoryview, at: float) -> None:
        """Append what was read from a stream.

        Args:
            stream: 1 for standard output, 2 for standard error.
            data: what was read.
            at: when it came, seconds since the epoch; never less than the time before.
        """
        if self.trouble is None:
            try:
                self._open()
                while data:
                    count = os.write(self._log, data)
                    self._note(self._size, count, at, stream)
                    self._size += count
                    data = data[count:]
                self._write_index()
            except OSError as error:
                self._troubled(error)
            else:
                return
        if data:
            self._backlog.add(stream, at, bytes(data))

    def write_backlog(self) -> None:
        """Try again to write what waits in memory."""
        try:
            self._open()
            self._write_index()
            self._note_drops()
            while (piece := self._backlog.first()) is not None:
                stream, at, data = piece
                count = os.write(self._log, data)
                self._note(self._size, count, at, stream)
                self._size += count
                self._backlog.written(count)
                self._write_index()
                self._open()
        except OSError as error:
            self._troubled(error)
        else:
            self.trouble = self.retry_at = None

    def end(self, code: int, *, orphaned: bool = False) -> None:
        """Note how the job ended and close; what cannot be written even now is lost.

        Args:
            code: its exit code, negative for a signal.
            orphaned: it had to end because its supervisor had died.
        """
        if self._backlog or self.trouble:
            self.write_backlog()
        self._backlog.drop_all()
        with suppress(OSError):
            if self._log < 0:
                self._create()
            self._note_drops()
            self._note(code & 0xFFFFFFFF, int(orphaned), time.time(), EXIT)
            self._write_index()
        self._close()

    def _note(self, offset: int, length: int, at: float, stream: int) -> None:
        self._unindexed += RECORD.pack(offset, length, at, stream)

    def _note_drops(self) -> None:
        backlog = self._backlog
        if backlog.dropped_bytes:
            self.dropped += backlog.dropped_lines
            self._note(backlog.dropped_bytes, backlog.dropped_lines, backlog.dropped_at, DROPPED)
            backlog.forget_drops()
            self._write_index()

    def _write_index(self) -> None:
        while self._unindexed:
            count = os.write(self._index, self._unindexed)
            self._unindexed = self._unindexed[count:]

    def _troubled(self, error: OSError) -> None:
        self.trouble = error.strerror or str(error)
        self.retry_at = time.monotonic() + RETRY

    def _open(self) -> None:
        # Called before every write: opens the first segment, the next one, or again what was deleted under us.
        if self._log >= 0:
            now = time.monotonic()
            if self._size < self._limit and now < self._look_again:
                return
            self._look_again = now + LOOK_AGAIN
            if self._size < self._limit and os.fstat(self._log).st_nlink:
                return
            self._write_index()
            self._segment += 1 if self._size >= self._limit else 0
            self._close()
            self._create()
            self.prune()
        else:
            self._create()

    def _create(self) -> None:
        suffix = b".%d" % self._segment if self._segment else b""
        path = b"%s/%s%s" % (self._directory, self._stem, suffix)
        try:
            log = os.open(path + b".log", CREATE, 0o600)
        except FileNotFoundError:
            os.makedirs(self._directory, exist_ok=True)  # noqa: PTH103 -- pathlib costs a forked shim memory
            log = os.open(path + b".log", CREATE, 0o600)
        try:
            fcntl.flock(log, fcntl.LOCK_SH)
            index = os.open(path + b".idx", CREATE, 0o600)
        except OSError:
            os.unlink(path + b".log")  # noqa: PTH108 -- as above
            os.close(log)
            raise
        self._log, self._index, self._size = log, index, 0
        self._unindexed = MAGIC + self._unindexed
        self._write_index()

    def _close(self) -> None:
        for descriptor in (self._log, self._index):
            if descriptor >= 0:
                os.close(descriptor)
        self._log = self._index = -1
