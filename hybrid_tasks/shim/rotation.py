"""The size cap of a service's log directory: whole segments go, oldest first, never one in use."""

from __future__ import annotations

import fcntl
import os
from contextlib import suppress

MOST_SEGMENTS = 500  # many short builds must not make a directory that is slow to list


def segment_limit(cap: int) -> int:
    """The size at which a segment is followed by the next one.

    Args:
        cap: bytes that the whole directory may hold.

    Returns:
        bytes of one segment.
    """
    return max(1 << 16, min(32 << 20, cap // 8))


def prune(directory: bytes, allowed: int) -> None:
    """Remove the segments written longest ago until the rest fits.

    Args:
        directory: the log directory of one service.
        allowed: bytes that may stay.
    """
    segments: list[tuple[int, bytes, int]] = []
    with suppress(OSError), os.scandir(directory) as entries:
        for entry in entries:
            if entry.name.endswith(b".log"):
                with suppress(OSError):
                    about = entry.stat(follow_symlinks=False)
                    index = _size(entry.path[:-4] + b".idx")
                    segments.append((about.st_mtime_ns, entry.path, about.st_size + index))
    segments.sort(reverse=True)
    total = 0
    for count, (_, path, size) in enumerate(segments):
        total += size
        if total > allowed or count >= MOST_SEGMENTS:
            with suppress(OSError):
                _remove_unused(path)


def _remove_unused(path: bytes) -> None:
    # Whoever writes a segment holds a lock on it; another job of the service may be quiet for days.
    segment = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        fcntl.flock(segment, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.unlink(path)  # noqa: PTH108 -- pathlib costs a forked shim memory
        os.unlink(path[:-4] + b".idx")  # noqa: PTH108 -- as above
    finally:
        os.close(segment)


def _size(path: bytes) -> int:
    try:
        return os.stat(path, follow_symlinks=False).st_size  # noqa: PTH116 -- as above
    except OSError:
        return 0
