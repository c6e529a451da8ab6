"""The files that a front reads: its configuration, and for each route where requests go now."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path


def write_all(folder: Path, files: Mapping[str, str]) -> None:
    """Write the configuration of a front.

    Args:
        folder: made if need be, for us alone.
        files: texts by name.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name, text in files.items():
        replace(folder / Path(name).name, text)


def replace(file: Path, text: str) -> None:
    """Put a text in the place of another, so that a reader sees one of both whole.

    Args:
        file: the file.
        text: what it holds from now on.
    """
    fresh = file.with_name(f"{file.name}.new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        stream.write(text)
    fresh.replace(file)
