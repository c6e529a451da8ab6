"""Which lines of an access log answer our own health probes: noted by who asks, looked up by who reads.

A line is ours only where that is proved: it names the address and port that a probe of this very instance had at
that time, asks for the probe's path, and was answered well. Of what was answered badly only a line of an access log is:
what it says, the stage of the swap and the event say already. The file of the service keeps every line.
"""

from __future__ import annotations

import contextlib
import math
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from hybrid_tasks.logs.index import STDERR, STDOUT
from hybrid_tasks.logs.merge import Block
from hybrid_tasks.logs.store import run_of

FILE = "probes"
"""Beside the logs of a service, and `probes.1` for the generation before."""
CAP = 1 << 18
SPAN = 5.0
"""Seconds that a block may cover at most where such lines are looked for."""
LATE = 60.0
"""Seconds after the question at which it may be logged: an instance answers what was asked while it started."""
LINES = 2
"""Lines that one probe may leave: of the server, and of the application."""

_PORT = re.compile(rb":(\d{1,5})(?!\d)")
_STATUS = re.compile(rb"(?<![\w.])(?:\x1b\[[\d;]*m)?([1-5])\d\d(?![\w.])")
_COLOUR = rb"(?:\x1b\[[\d;]*m)*"
_REQUESTED = re.compile(rb'"%bGET [^"\n]*" *%b[45]\d\d(?![\w.])' % (_COLOUR, _COLOUR))
_APPEND = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC


def note(log_dir: Path, at: float, run: str, source: tuple[str, int], path: str) -> None:
    """Write down a probe before its question is sent; never fails.

    Args:
        log_dir: the service's log folder.
        at: epoch seconds.
        run: of the instance that is asked.
        source: our own address and port of the connection.
        path: what is asked for.
    """
    line = f"{at:.3f} {run} {source[0]} {source[1]} {path}\n".encode()
    file = f"{log_dir}/{FILE}"
    with contextlib.suppress(OSError):
        try:
            descriptor = os.open(file, _APPEND, 0o600)
        except FileNotFoundError:  # nothing of the service has been logged yet
            log_dir.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(file, _APPEND, 0o600)
        try:
            os.write(descriptor, line)
            full = os.fstat(descriptor).st_size > CAP
        finally:
            os.close(descriptor)
        if full:
            (log_dir / FILE).replace(log_dir / f"{FILE}.1")


@dataclass(slots=True)
class _Known:
    """The noted probes of one service."""

    stamp: tuple[int, int] = (0, 0)
    paths: frozenset[bytes] = frozenset()
    asked: dict[tuple[str, bytes], list[tuple[float, bytes, bytes]]] = field(default_factory=dict)


class Probed:
    """Finds the lines that answer probes.

    Args:
        project_logs: `.hybrid/logs`.
    """

    def __init__(self, project_logs: Path) -> None:
        self.found = 0
        """Lines found so far."""
        self._project_logs = project_logs
        self._known: dict[str, _Known] = {}

    def most(self, service: str) -> int:
        """How many lines of a service may answer probes at most."""
        return LINES * sum(len(times) for times in self._of(service).asked.values())

    def lines(self, block: Block) -> frozenset[int]:
        """The numbers of the lines of a block that answer probes, from 0; usually none."""
        if block.job.role != "instance" or block.stream not in {STDOUT, STDERR}:
            return frozenset()
        known = self._of(block.job.service)
        if not any(path in block.data for path in known.paths):
            return frozenset()
        found = frozenset(
            number
            for number, line in enumerate(block.data.split(b"\n"))
            if any(path in line for path in known.paths)
            and _answers(line, block.job.run, known, block.time - LATE, block.time + SPAN)
        )
        self.found += len(found)
        return found

    def _of(self, service: str) -> _Known:
        folder = self._project_logs / service
        try:
            about = (folder / FILE).stat()
            stamp = about.st_ino, about.st_size
        except OSError:
            stamp = (0, 0)
        known = self._known.get(service)
        if known is None or known.stamp != stamp:
            known = self._known[service] = _read(folder, stamp)
        return known


def _read(folder: Path, stamp: tuple[int, int]) -> _Known:
    known, paths = _Known(stamp), set()
    for name in (f"{FILE}.1", FILE):
        with contextlib.suppress(OSError):
            for line in (folder / name).read_bytes().splitlines():
                with contextlib.suppress(ValueError):
                    at, run, host, port, path = line.split(b" ", 4)
                    known.asked.setdefault((run.decode(), port), []).append((float(at), host, path))
                    paths.add(path)
    known.paths = frozenset(paths)
    return known


def without_answers(log_file: Path, lines: Sequence[str]) -> Sequence[str]:
    """Leave out what answers our own probes.

    Args:
        log_file: any raw file of an instance.
        lines: of its output, of whatever time.
    """
    known, run = _read(log_file.parent, (0, 0)), run_of(log_file)
    if not any(asked == run for asked, _ in known.asked):
        return lines
    return [line for line in lines if not _answers(line.encode(), run, known, 0, math.inf)]


def _answers(line: bytes, run: str, known: _Known, since: float, until: float) -> bool:
    for match in _PORT.finditer(line):
        for at, host, path in known.asked.get((run, match[1]), ()):
            mine = since <= at <= until and path in line and _names(line[: match.start()], host)
            if mine and (_well(line) or _only_accessed(line)):
                return True
    return False


def _names(before: bytes, host: bytes) -> bool:
    """Whether what stands before a port is this address."""
    before = before.removesuffix(b"]") if b":" in host else before
    rest = before.removesuffix(host)
    return rest != before and not rest[-1:].isalnum() and rest[-1:] != b"."


def _only_accessed(line: bytes) -> bool:
    """Whether a bad answer is told as any answer is, not as an error."""
    from hybrid_tasks.logs.levels import INFO, named

    return _REQUESTED.search(line) is not None and (named(line.decode("utf-8", "replace")) or INFO) <= INFO


def _well(line: bytes) -> bool:
    """Whether the only statuses it may hold are good ones: of what failed there may be more to read."""
    statuses = {match[1] for match in _STATUS.finditer(line)}
    return bool(statuses) and statuses <= {b"2", b"3"}
