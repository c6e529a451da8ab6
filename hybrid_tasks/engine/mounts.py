"""Where file systems are mounted, and which of them deliver no events for changes made elsewhere."""

from __future__ import annotations

import os
import re
from pathlib import Path

SILENT = frozenset(
    {
        "9p", "virtiofs", "cifs", "smb3", "smbfs", "nfs", "nfs4", "drvfs", "vboxsf", "prl_fs", "vmhgfs",
        "afs", "ceph", "glusterfs", "lustre", "gpfs", "ncpfs", "osxfs", "fakeowner",
    }
)  # fmt: skip
"""Types whose files change on another machine without this kernel noticing; every `fuse.*` counts too."""

MOUNTINFO = Path("/proc/self/mountinfo")


def silent_mounts(root: str, mountinfo: Path = MOUNTINFO) -> dict[str, str]:
    """Find what must be polled in a directory.

    Args:
        root: a directory; links are resolved.
        mountinfo: the kernel's list of mounts.

    Returns:
        file system types by directory: `root` itself when it lies on a silent file system, otherwise the mount
        points of silent ones below it.
    """
    real = os.path.realpath(root)
    below = real.rstrip("/") + "/"
    kind = type_of(root, mountinfo)
    found: dict[str, str] = {}
    for point, other in _mounts(mountinfo):
        if point.startswith(below) and _is_silent(other):
            found[root.rstrip("/") + "/" + point[len(below) :]] = other
    return {root: kind} if _is_silent(kind) else found


def type_of(path: str, mountinfo: Path = MOUNTINFO) -> str:
    """Give the type of the file system that holds a directory, as `ext4`; empty where that cannot be told.

    Args:
        path: a directory; links are resolved.
        mountinfo: the kernel's list of mounts.
    """
    below = os.path.realpath(path).rstrip("/") + "/"
    best = ("", "")
    for point, kind in _mounts(mountinfo):
        if below.startswith(point.rstrip("/") + "/") and len(point) >= len(best[0]):
            best = (point, kind)
    return best[1]


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
            point = re.sub(r"\\([0-7]{3})", lambda code: chr(int(code[1], 8)), words[4])
            mounts.append((point, rest.split(" ")[0]))
    return mounts
