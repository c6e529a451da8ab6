"""The kernel's limits on inotify, and the words to say when one is reached."""

from __future__ import annotations

import errno
from pathlib import Path

_PER_USER = Path("/proc/sys/fs/inotify")
_PER_NAMESPACE = Path("/proc/sys/user")
_ENOUGH_WATCHES = 524_288
_ENOUGH_INSTANCES = 1024


def exhausted(error: OSError) -> bool:
    """Say whether an error means that a limit of inotify is reached."""
    return error.errno in {errno.ENOSPC, errno.EMFILE, errno.ENFILE}


def current(error: OSError) -> tuple[str, int]:
    """Give the limit that an error is about, and its value now: the lower of the user's and the namespace's."""
    what = "watches" if error.errno == errno.ENOSPC else "instances"
    names = {
        f"fs.inotify.max_user_{what}": _PER_USER / f"max_user_{what}",
        f"user.max_inotify_{what}": _PER_NAMESPACE / f"max_inotify_{what}",
    }
    values = {name: value for name, path in names.items() if (value := _number(path)) is not None}
    name = min(values, key=lambda name: values[name], default=f"fs.inotify.max_user_{what}")
    return name, values.get(name, 0)


def advice(error: OSError) -> str:
    """Say which limit is reached, its value, and the line that raises it.

    Args:
        error: what adding a watch or making an instance raised.
    """
    name, value = current(error)
    what = "watches" if error.errno == errno.ENOSPC else "instances"
    wanted = max(2 * value, _ENOUGH_WATCHES if what == "watches" else _ENOUGH_INSTANCES)
    return f"the limit of inotify {what} is reached (`{name}` is {value}); raise it: `sudo sysctl {name}={wanted}`"


def _number(path: Path) -> int | None:
    try:
        return int(path.read_text(encoding="ascii"))
    except (OSError, ValueError):
        return None
