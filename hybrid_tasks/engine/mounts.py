"""Where file systems are mounted, and which of them deliver no events for changes made elsewhere."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from pathlib import Path

SILENT = frozenset(
    {
        "9p", "virtiofs", "cifs", "smb3", "smbfs", "nfs", "nfs4", "drvfs", "vboxsf", "prl_fs", "vmhgfs",
        "afs", "ceph", "glusterfs", "lustre", "gpfs", "ncpfs", "osxfs", "fakeowner",
    }
)  # fmt: skip
"""Types whose files change on another machine without this kernel noticing; every `fuse.*` counts too."""

MOUNTINFO = Path("/proc/self/mountinfo")
_ESCAPED = re.compile(r"\\([0-7]{3})")


def silent_mounts(roots: Iterable[str], mountinfo: Path = MOUNTINFO) -> dict[str, str]:
    """Find what must be polled in some directories.

    Args:
        roots: directories; links are resolved.
        mountinfo: the kernel's list of mounts.

    Returns:
        file system types by directory: a root itself when it lies on a silent file system, otherwise the mount
        points of silent ones below it.
    """
    mounts = _mounts(mountinfo)
    found: dict[str, str] = {}
    for root in roots:
        below = _below(root)
        if _is_silent(kind := _nearest(below, mounts)):
            found[root] = kind
            continue
        for point, other in mounts:
            if _is_silent(other) and point.startswith(below):
                found[root.rstrip("/") + "/" + point[len(below) :]] = other
    return found


def type_of(path: str, mountinfo: Path = MOUNTINFO) -> str:
    """Give the type of the file system that holds a directory, as `ext4`; empty where that cannot be told.

    Args:
        path: a directory; links are resolved.
        mountinfo: the kernel's list of mounts.
    """
    return _nearest(_below(path), _mounts(mountinfo))


def mounted_in(folder: str, mountinfo: Path = MOUNTINFO) -> list[str]:
    """Find where other file systems begin, the same one mounted a second time included.

    Args:
        folder: a directory; links on the way to it are resolved.
        mountinfo: the kernel's list of mounts.

    Returns:
        mount points, the directory itself or below it.
    """
    real = os.path.realpath(folder)
    return [point for point, _ in _mounts(mountinfo) if point == real or point.startswith(real.rstrip("/") + "/")]


def _below(directory: str) -> str:
    return os.path.realpath(directory).rstrip("/") + "/"


def _nearest(below: str, mounts: list[tuple[str, str]]) -> str:
    """The type of the mount with the longest path; of several on one place the last, which hides the others."""
    best = ("", "")
    for point, kind in mounts:
        if below.startswith(point.rstrip("/") + "/") and len(point) >= len(best[0]):
            best = (point, kind)
    return best[1]


def _is_silent(kind: str) -> bool:
    return kind in SILENT or kind.startswith("fuse.")


def _mounts(mountinfo: Path) -> list[tuple[str, str]]:
    try:
        lines = mountinfo.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except OSError:
        return []  # not Linux
    mounts: list[tuple[str, str]] = []
    for line in lines:
        fields, _, rest = line.partition(" - ")
        words = fields.split(" ")
        if len(words) > 4 and rest:  # noqa: PLR2004 - proc(5): the fifth field is the mount point
            mounts.append((_ESCAPED.sub(lambda code: chr(int(code[1], 8)), words[4]), rest.split(" ")[0]))
    return mounts
