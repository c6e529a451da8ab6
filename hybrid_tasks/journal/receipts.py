"""The receipts of a project: one JSON line a swap."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Iterator
from pathlib import Path

from hybrid_tasks.model.receipt import Receipt

CAP = 4 * 1024 * 1024


class Receipts:
    """An append-only file of receipts, with one older generation.

    Args:
        file: the current generation; the older one has `.1` behind its name.
        cap: bytes after which a new generation begins.
    """

    def __init__(self, file: Path, cap: int = CAP) -> None:
        self._file = file
        self._cap = cap
        self.trouble = ""

    def add(self, receipt: Receipt) -> None:
        """Append one receipt; `trouble` says so when that was not possible, for a service goes on without it."""
        try:
            self._append(json.dumps(receipt.as_json()).encode() + b"\n")
            self.trouble = ""
        except OSError as error:
            self.trouble = f"cannot write `{self._file}`: {error.strerror}; receipts are missing there"

    def _append(self, line: bytes) -> None:
        """Append a line; a half one of a killed writer is closed first, so it can spoil only itself."""
        flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
        descriptor = os.open(self._file, flags, 0o600)
        try:
            size = os.fstat(descriptor).st_size
            if size and os.pread(descriptor, 1, size - 1) != b"\n":
                line = b"\n" + line
            if os.write(descriptor, line) < len(line):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        finally:
            os.close(descriptor)
        if size > self._cap:
            self._file.replace(self._file.with_name(self._file.name + ".1"))


def read(file: Path) -> Iterator[dict[str, object]]:
    """Read receipts, oldest first; damaged lines are passed over.

    Args:
        file: the current generation of a `Receipts`.

    Yields:
        one receipt as the machine-readable contract names it.
    """
    for generation in (file.with_name(file.name + ".1"), file):
        if not generation.is_file():
            continue
        with generation.open("rb") as lines:
            for line in lines:
                try:
                    receipt = json.loads(line)
                except ValueError:
                    continue
                if isinstance(receipt, dict):
                    yield receipt
