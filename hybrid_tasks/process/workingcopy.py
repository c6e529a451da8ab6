"""Which working copy is which; on its own, because every command asks it and nothing else of this room."""

from __future__ import annotations

import os
from pathlib import Path

try:  # as `random` does it: hashlib loads OpenSSL, for which every command would pay
    from _sha2 import sha256  # type: ignore[import-not-found,unused-ignore]
except ImportError:
    try:
        from _sha256 import sha256  # type: ignore[import-not-found,unused-ignore]
    except ImportError:
        from hashlib import sha256


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
    digest: str = sha256(text).hexdigest()
    return digest[:16]
