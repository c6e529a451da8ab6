"""`dev-logs` without its flags: a query in, bytes out, and an exit code."""

from __future__ import annotations

import contextlib
import errno
import functools
import io
import os
import select
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import BinaryIO

from hybrid_tasks.errors import Code
from hybrid_tasks.logs.asking import check
from hybrid_tasks.logs.escapes import RESET, plain
from hybrid_tasks.logs.probed import Probed
from hybrid_tasks.logs.query import Query, blocks
from hybrid_tasks.logs.render import Look, Prefixed, Raw, as_json
from hybrid_tasks.logs.store import current, services

FULL = 1 << 16
"""Bytes that are gathered before they are written."""


def show(
    project_logs: Path,
    query: Query,
    out: BinaryIO,
    terminal: bool,
    *,
    configured: Callable[[], Iterable[str]] = tuple,
    note: Callable[[str], None] = lambda _: None,
    ended: Callable[[], bool] = lambda: False,
) -> int:
    """Show logs until they end, or with `follow` until somebody ends it.

    Args:
        project_logs: `.hybrid/logs`.
        query: what is wanted.
        out: where the bytes go, past its buffer; a reader that goes away ends it silently.
        terminal: whether colours may be shown there.
        configured: names of services that exist without logs, asked only when needed.
        note: called with what is worth saying but is no log line.
        ended: asked while nothing comes, True ends following.

    Returns:
        0, or 130 after Ctrl+C.

    Raises:
        WrongInput: a service nobody knows.
    """
    silent = check(project_logs, query.services, configured)
    if silent and not query.json:
        note(f"nothing logged yet by {', '.join(f'`{plain(name)}`' for name in silent)}")
    elif not query.services and not services(project_logs):
        note("nothing logged yet: `inv dev-start` starts the services")
    sink = Sink(out, ended)
    probed = None if query.raw or (query.probes and not query.json) else Probed(project_logs)
    look = _look(project_logs, query, probed, colours=terminal)
    partial = terminal and not query.json and not query.raw
    try:
        without = None if query.json else probed
        for block in blocks(project_logs, query, sink.idle, partial=partial, probed=without):
            sink.write(look(block))
        sink.flush()
        if terminal and without is not None and without.found:
            lines = f"{without.found} line{'s' * (without.found > 1)}"
            note(f"left out {lines} by which services answer our own health probes; --probes shows them")
    except ReaderGoneError:
        return Code.DONE
    except KeyboardInterrupt:
        sink.abandon()
        return Code.INTERRUPTED
    return Code.DONE


class ReaderGoneError(Exception):
    """Nobody reads what we write any more."""


class Sink:
    """Gathers bytes and writes them as fast as they are read; notices when nobody reads them any more.

    Args:
        out: where they go.
        ended: asked while nothing comes.
    """

    def __init__(self, out: BinaryIO, ended: Callable[[], bool] = lambda: False) -> None:
        out.flush()
        self._out = getattr(out, "raw", out)  # nothing may be left in a buffer when the reader has gone
        self._ended = ended
        self._gathered: list[bytes] = []
        self._size = 0
        self._poll = select.poll()
        self._fd = -1
        with contextlib.suppress(OSError, io.UnsupportedOperation):
            self._fd = self._out.fileno()
            self._poll.register(self._fd, 0)  # errors and hang-ups are always reported

    def write(self, data: bytes) -> None:
        """Take bytes to be written soon."""
        self._gathered.append(data)
        self._size += len(data)
        if self._size >= FULL:
            self.flush()

    def flush(self) -> None:
        """Write what was gathered."""
        data, self._gathered, self._size = memoryview(b"".join(self._gathered)), [], 0
        write: Callable[[memoryview], int | None] = self._out.write  # None: somebody made the terminal non-blocking
        try:
            while data:
                written = write(data)
                if written is None:
                    select.select([], [self._fd], [])
                    continue
                data = data[written:]
        except OSError as error:
            if error.errno in {errno.EPIPE, errno.EIO, errno.ENXIO, errno.EBADF}:
                raise ReaderGoneError from None
            raise

    def idle(self, seconds: float) -> bool:
        """Write everything and wait; the end of the reader ends the waiting at once."""
        self.flush()
        for _, events in self._poll.poll(seconds * 1000):
            if events & (select.POLLERR | select.POLLHUP | select.POLLNVAL):
                raise ReaderGoneError
        return self._ended()

    def abandon(self) -> None:
        """Stop after Ctrl+C: on a terminal no colour stays behind, and the prompt gets a line of its own."""
        with contextlib.suppress(OSError):
            if self._fd >= 0 and os.isatty(self._fd) and select.select([], [self._fd], [], 0)[1]:
                os.write(self._fd, RESET + b"\n")


def _look(project_logs: Path, query: Query, probed: Probed | None, *, colours: bool) -> Look:
    if query.json:
        return functools.partial(as_json, exact=query.raw, probed=probed)
    if query.raw:
        return Raw()
    known = services(project_logs)
    names = [name for name in known if not query.services or name in query.services]
    return Prefixed(
        names or list(query.services),
        colours=colours,
        timestamps=query.timestamps,
        announced=lambda name: current(project_logs / name).get("colour"),
    )
