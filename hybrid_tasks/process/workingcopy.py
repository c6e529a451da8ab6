"""Which working copy is which; on its own, because every command asks it and nothing else of this room."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path


def project_identity(root: Path) -> str:
    """The id of a working copy: two paths to one directory have the same, a copy has another.

    Args:
        root: the project's directory.

    Returns:
        16 hexadecimal digits.

    Raises:
        OSError: there is no such directory.
    """
    real = root.resolve(strict=True)
    about = real.stat()
    text = b"%s\0%d\0%d" % (os.fsencode(real), about.st_dev, about.st_ino)
    return hashlib.sha256(text).hexdigest()[:16]
