"""A small writer of log files in the shim's format, for tests of the readers."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime
from pathlib import Path

from hybrid_tasks.logs.index import DROPPED, EXIT, MAGIC, RECORD, STDERR, STDOUT

_RUNS = itertools.count(1)
EPOCH = 1_760_000_000.0


class JobWriter:
    """Writes one job's log: each `write` is one read of the shim.

    Args:
        project_logs: `.hybrid/logs`.
        service: whose job.
        role: its role.
        started: epoch seconds; the first record has this time, each next one is `step` later.
    """

    def __init__(
        self,
        project_logs: Path,
        service: str = "api",
        role: str = "instance",
        started: float = EPOCH,
        step: float = 0.001,
    ) -> None:
        self.folder = project_logs / service
        self.folder.mkdir(parents=True, exist_ok=True)
        self.run = f"{next(_RUNS):012x}"
        self.stem = f"{datetime.fromtimestamp(started, UTC):%Y%m%dT%H%M%S.%f}-{role}-{self.run}"
        self.time = started
        self.step = step
        self.number = -1
        self.rotate()

    @property
    def path(self) -> Path:
        """The segment that is written now."""
        suffix = f".{self.number}" if self.number else ""
        return self.folder / f"{self.stem}{suffix}.log"

    def rotate(self) -> None:
        """Begin the next segment."""
        self.number += 1
        self.begin()

    def begin(self) -> None:
        """Begin the present segment, for the first time or again after it was deleted."""
        self.offset = 0
        self.path.touch(exist_ok=False)
        self.path.with_suffix(".idx").write_bytes(MAGIC)

    def write(
        self, data: bytes | str, stream: int = STDOUT, at: float | None = None, *, indexed: bool = True
    ) -> JobWriter:
        """Append what one read gave."""
        data = data.encode() if isinstance(data, str) else data
        with self.path.open("ab") as log:
            log.write(data)
        if indexed:
            self.note(self.offset, len(data), stream, at)
        self.offset += len(data)
        return self

    def err(self, data: bytes | str, at: float | None = None) -> JobWriter:
        """Append what one read of stderr gave."""
        return self.write(data, STDERR, at)

    def note(self, offset: int, length: int, stream: int, at: float | None = None) -> JobWriter:
        """Append an index record."""
        with self.path.with_suffix(".idx").open("ab") as index:
            index.write(RECORD.pack(offset, length, self.time if at is None else at, stream))
        self.time += self.step
        return self

    def dropped(self, size: int, lines: int) -> JobWriter:
        """Note that output is missing here."""
        return self.note(size, lines, DROPPED)

    def end(self, code: int = 0) -> JobWriter:
        """Note the exit code; without it the job looks as after kill -9 of its shim, or as if it still ran."""
        return self.note(code & 0xFFFFFFFF, 0, EXIT)
