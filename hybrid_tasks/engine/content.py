"""Reading one file: its stat figures and the hash of its content, safe against everything that is no plain file."""

# plain strings: path objects for 50,000 files would cost more than reading them
# ruff: noqa: PTH116
from __future__ import annotations

import hashlib
import os
import stat
import struct

STAMP = 32
"""Bytes of a state that are stat figures; what follows is the digest, when the file was read."""
DIGEST = 16

_CHUNK = 1 << 20
_HUGE = 64 << 20
_UNREADABLE = b"\0" * DIGEST
_stamp = struct.Struct("<qqqQ")


def stamp(status: os.stat_result) -> bytes:
    """Pack what tells two versions of a file apart without reading them.

    Args:
        status: what stat said.

    Returns:
        `STAMP` bytes: size, modification and change time in nanoseconds, inode.
    """
    return _stamp.pack(status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino)


def changed_at(state: bytes) -> int:
    """Give the later of the two times in a stamp, in nanoseconds."""
    _, modified, changed, _ = _stamp.unpack_from(state)
    return int(max(modified, changed))


def read_state(path: str) -> bytes | None:
    """Read a file's stamp and digest, as they belong together.

    Args:
        path: any path; links are followed.

    Returns:
        `STAMP + DIGEST` bytes, or None when there is no regular file. An unreadable file has a digest of its own, so
        becoming readable is a change.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY)
    except PermissionError:
        return _unreadable(path)
    except (OSError, ValueError):
        return None
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            return None
        return stamp(status) + _digest(descriptor, status)
    except OSError:
        return _unreadable(path)
    finally:
        os.close(descriptor)


def read_regular(path: str, limit: int = 1 << 20) -> bytes | None:
    """Read a small file without ever waiting for one that is no plain file.

    Args:
        path: any path.
        limit: bytes to read at most.

    Returns:
        its content, or None when it cannot be read.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY)
    except (OSError, ValueError):
        return None
    try:
        return os.read(descriptor, limit) if stat.S_ISREG(os.fstat(descriptor).st_mode) else None
    except OSError:
        return None
    finally:
        os.close(descriptor)


def _unreadable(path: str) -> bytes | None:
    try:
        status = os.stat(path)
    except OSError:
        return None
    return stamp(status) + _UNREADABLE if stat.S_ISREG(status.st_mode) else None


def _digest(descriptor: int, status: os.stat_result) -> bytes:
    found = hashlib.blake2b(digest_size=DIGEST)
    if status.st_size > _HUGE:
        # model weights and disk images: reading gigabytes at every start would cost more than one needless reload
        found.update(stamp(status)[:16])  # size and modification time
        found.update(os.pread(descriptor, _CHUNK, 0))
        found.update(os.pread(descriptor, _CHUNK, status.st_size - _CHUNK))
        return found.digest()
    while chunk := os.read(descriptor, _CHUNK):
        found.update(chunk)
    return found.digest()
