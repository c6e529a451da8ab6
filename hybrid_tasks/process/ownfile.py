"""Opening the files that only we write: never through a link, and for nobody else to read."""

from __future__ import annotations

import errno
import os
from pathlib import Path

from hybrid_tasks.errors import HybridError

_IN_THE_WAY = {errno.ELOOP: "a link", errno.EISDIR: "a directory", errno.ENXIO: "a socket or a pipe"}


def opened(file: Path, flags: int) -> int:
    """Open a file of ours, made when it is missing.

    Args:
        file: in a folder of ours.
        flags: how, as for `os.open`.

    Returns:
        a descriptor that no program inherits.

    Raises:
        HybridError: something else is in its place.
        OSError: it cannot be opened for another reason.
    """
    try:
        return os.open(file, flags | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK, 0o600)
    except OSError as error:
        if (what := _IN_THE_WAY.get(error.errno or 0)) is None:
            raise
        cure = f"remove it: rm {'-r ' if what == 'a directory' else ''}{file}"
        raise HybridError(f"`{file}` is {what}, not a file of ours", cure) from None
