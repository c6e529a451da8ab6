"""Where the sockets are on which instances say that they are ready: a folder of the project, beside its own socket."""

from __future__ import annotations

import os
import secrets
import shutil
import sys
from pathlib import Path

from hybrid_tasks.control.paths import LONGEST_SOCKET, own_folder

MOST_DIGITS = 8


class Addresses:
    """Addresses for sockets, in a folder that only we can enter.

    Args:
        folder: made when the first one is needed; what a killed supervisor left in it is removed then. Where its path
            is too long for sockets, Linux has names for them that are no files.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._number = 0

    def fresh(self) -> str:
        """Give an address that nobody has.

        Raises:
            HybridError: the folder is not ours or cannot be made.
        """
        if sys.platform.startswith("linux") and len(os.fsencode(self._folder)) + MOST_DIGITS > LONGEST_SOCKET:
            return f"@hybrid-tasks-{secrets.token_hex(8)}"
        if self._number == 0:
            self.close()
            own_folder(self._folder)
        self._number += 1
        return str(self._folder / str(self._number))

    def close(self) -> None:
        """Remove the folder."""
        if not self._folder.is_symlink():
            shutil.rmtree(self._folder, ignore_errors=True)
