"""The index beside a raw log file: one fixed-size record for each read the shim made."""

from __future__ import annotations

import os
import struct
from pathlib import Path
from typing import NamedTuple

MAGIC = b"HYBLOG1\n"
RECORD = struct.Struct("<QIdB")
STDOUT, STDERR, DROPPED, EXIT = 1, 2, 3, 4
STREAM_NAMES = {STDOUT: "stdout", STDERR: "stderr", DROPPED: "dropped", EXIT: "exit"}

_SIGN = 0x80000000


class Record(NamedTuple):
    """One index record.

    For `STDOUT` and `STDERR`: `length` raw bytes at `offset`. For `DROPPED`: `offset` bytes in `length` lines
    were lost. For `EXIT`: `offset` holds the exit code as an unsigned 32-bit number, `length` is 1 when the job had to
    end because its supervisor had died. `time` is in epoch seconds.
    """

    offset: int
    length: int
    time: float
    stream: int


def index_path(log: Path) -> Path:
    """The index file that belongs to a raw log file."""
    return log.with_suffix(".idx")


def exit_code(record: Record) -> int | None:
    """The exit code an `EXIT` record holds (negative: ended by that signal), None for other records."""
    if record.stream != EXIT:
        return None
    code = record.offset & 0xFFFFFFFF
    return code - 0x100000000 if code & _SIGN else code


def records(buffer: bytes) -> list[Record]:
    """The records in a piece of an index that begins at a record."""
    return [Record(*fields) for fields in RECORD.iter_unpack(buffer)]


def count(fd: int) -> int:
    """How many complete records an open index holds."""
    return max(0, os.fstat(fd).st_size - len(MAGIC)) // RECORD.size


def read(fd: int, first: int, number: int) -> bytes:
    """Up to `number` whole records from record `first` on, as bytes."""
    data = os.pread(fd, number * RECORD.size, len(MAGIC) + first * RECORD.size)
    return data[: len(data) - len(data) % RECORD.size]


def is_index(fd: int) -> bool:
    """Whether an open file begins like an index; also true while its first bytes are still being written."""
    head = os.pread(fd, len(MAGIC), 0)
    return MAGIC.startswith(head)


def last_record(log: Path) -> Record | None:
    """The newest index record of a raw log file, None without one."""
    try:
        fd = os.open(index_path(log), os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    except OSError:
        return None
    try:
        number = count(fd)
        if not number or not is_index(fd):
            return None
        found = records(read(fd, number - 1, 1))
        return found[0] if found else None
    finally:
        os.close(fd)
