"""Which packages a source file needs, as far as its first lines show."""

from __future__ import annotations

import re
import sys
from pathlib import Path

_IMPORT = re.compile(
    r"^(?:from[ \t]+(\w[\w.]*)[ \t]+import|import[ \t]+(\w[\w.]*(?:[ \t]*,[ \t]*\w[\w.]*)*))", re.MULTILINE
)


def packages(file: Path, root: Path) -> list[str]:
    """Give the top-level packages a file imports that are neither the standard library's nor the service's own.

    Args:
        file: the source file; one that cannot be read needs nothing.
        root: where the service's own modules are imported from.
    """
    try:
        text = file.read_text("utf-8", "replace")
    except OSError:
        return []
    names = [name.strip().partition(".")[0] for one, many in _IMPORT.findall(text) for name in (one or many).split(",")]
    return [
        name
        for name in dict.fromkeys(names)
        if name not in sys.stdlib_module_names
        and not any((place / name).is_dir() or (place / f"{name}.py").is_file() for place in (root, file.parent))
    ]
