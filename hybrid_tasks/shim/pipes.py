"""The two pipes of a program's output: read in bulk, never line by line."""

from __future__ import annotations

import fcntl
import mmap
import os
import time
from contextlib import suppress

from .logfile import LogFile

SMALL = 1 << 16  # what a pipe holds when it is made
LARGE = 1 << 20  # the most an ordinary user may have in one
BUSY = 1 << 14  # a read of this much says that more is coming
REST_AFTER = 1.0  # seconds after a burst when its memory is given back

STDOUT, STDERR = 1, 2


def made() -> tuple[dict[int, int], list[int]]:
    """Two new pipes: what each read end carries, and the write ends, standard output first."""
    ends = [(stream, *os.pipe()) for stream in (STDOUT, STDERR)]
    return {read: stream for stream, read, _ in ends}, [write for *_, write in ends]


class Pipes:
    """Carries output from a program's pipes to its log.

    A pipe grows when its program writes much: most never need more than the small size, and the kernel
    grants each user only 64 MB of large ones.

    Args:
        log: where it goes.
        streams: what each pipe's read end carries, `STDOUT` or `STDERR`.
        write_ends: standard output and standard error as the program gets them, where we have them.
        since: seconds since the epoch before which the program has written nothing; None: now.
    """

    def __init__(
        self,
        log: LogFile,
        streams: dict[int, int],
        write_ends: list[int] | None = None,
        since: float | None = None,
    ) -> None:
        self._log = log
        self._streams = streams
        self._write_ends = write_ends or []
        self._large: set[int] = set()
        self._at = self._looked = time.time() if since is None else since
        # A page of it is memory only once it has been used.
        self._buffer = mmap.mmap(-1, LARGE, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
        self.rest_at: float | None = None
        """When `rest` should be called unless more comes (monotonic), or None."""
        for descriptor in streams:
            os.set_blocking(descriptor, False)

    @property
    def open(self) -> list[int]:
        """The descriptors that have not reached their end."""
        return list(self._streams)

    @property
    def write_ends(self) -> list[int]:
        """Standard output and standard error as the program gets them."""
        return self._write_ends

    def close_write_ends(self) -> None:
        """Close our copies, so that the end of the last writer is the end of the pipe."""
        for descriptor in self._write_ends:
            os.close(descriptor)
        self._write_ends = []

    def look(self, *, waited: bool) -> None:
        """Hear that somebody looks for output now.

        What was there already has come since the look before, and counts as of then: so it never seems to come after
        what we ourselves have made of it, for example that the service is healthy.

        Args:
            waited: there was nothing before.
        """
        now = time.time()
        self._at, self._looked = now if waited else self._looked, now

    def pump(self, descriptor: int) -> int | None:
        """Carry over what one pipe holds, at most a buffer full.

        Args:
            descriptor: one of `open`.

        Returns:
            the number of bytes, 0 when there are none now, or None when the pipe is at its end (it is closed).
        """
        try:
            count = os.readv(descriptor, [self._buffer])
        except BlockingIOError:
            return 0
        if count == 0:
            del self._streams[descriptor]
            os.close(descriptor)
            return None
        with memoryview(self._buffer) as view:
            self._log.write(self._streams[descriptor], view[:count], self._at)
        if count >= SMALL:
            self.rest_at = time.monotonic() + REST_AFTER
            if descriptor not in self._large:
                self._grow(descriptor)
        return count

    def drain(self, first: list[int], most: int = 64 * LARGE) -> None:
        """Carry over all that is left without waiting for more.

        Args:
            first: the pipes to begin with.
            most: bytes after which we stop; nobody of the job is left to write that much.
        """
        for descriptor in sorted(self.open, key=lambda one: first.index(one) if one in first else len(first)):
            left = most
            while left > 0 and (count := self.pump(descriptor)):
                left -= count

    def rest(self) -> None:
        """Give back the memory that a burst has taken."""
        self._buffer.madvise(mmap.MADV_DONTNEED)
        self.rest_at = None

    def _grow(self, descriptor: int) -> None:
        self._large.add(descriptor)
        with suppress(OSError):  # the user has too many already
            fcntl.fcntl(descriptor, fcntl.F_SETPIPE_SZ, LARGE)
