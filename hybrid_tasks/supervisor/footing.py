"""`.hybrid/` of a project: made when it is missing, hidden from git, and nothing in it leads elsewhere."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from hybrid_tasks.errors import Code, HybridError

PARTS = ("logs", "artefacts", "cache")


def own(folder: Path) -> None:
    """Make the folder fit to be written into.

    Old logs and builds are removed below it. A repository may bring such a folder along, so a link in it could
    make us write and remove wherever it leads.

    Args:
        folder: `.hybrid/` of the project, or what stands for it beside the state.

    Raises:
        HybridError: something else is in its place, or a part of it is a link.
    """
    if (link := next(_links(folder), None)) is not None:
        raise HybridError(f"`{link}` is a link, not a folder of ours", f"remove it: rm {link}", Code.WRONG)
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except FileExistsError as error:
        raise HybridError(
            f"`{folder}` is in the way: a folder of ours goes there", f"remove it: rm {folder}"
        ) from error
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    with contextlib.suppress(FileExistsError):
        ignore = os.open(folder / ".gitignore", flags, 0o644)
        try:
            os.write(ignore, b"*\n")
        finally:
            os.close(ignore)


def _links(folder: Path) -> Iterator[Path]:
    """The folder, its parts and what each service has there, where they are links."""
    parts = [folder / part for part in PARTS]
    for path in (folder, *parts):
        if path.is_symlink():
            yield path
    for part in parts:
        with contextlib.suppress(OSError):
            yield from (path for path in part.iterdir() if path.is_symlink())
