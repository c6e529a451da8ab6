"""The receiving end of sd_notify(3): a datagram socket that hears READY=1."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from pathlib import Path
from typing import Self

from hybrid_tasks.errors import HybridError

_LONGEST_PATH = 107  # bytes; sun_path has room for 108 with its final zero
_DATAGRAM = 4096


class Notified:
    """One instance's NOTIFY_SOCKET; `open` makes one before the instance is started, `close` removes it.

    Args:
        path: for the instance's environment.
        receiver: the bound socket.
    """

    def __init__(self, path: Path, receiver: socket.socket) -> None:
        self.path = path
        self.status = ""
        self._receiver = receiver
        self._ready = asyncio.Event()
        asyncio.get_running_loop().add_reader(receiver, self._arrived)

    @classmethod
    def open(cls, path: Path) -> Self:
        """Bind the socket; must be called on the event loop.

        Args:
            path: a new file in a directory that only we can enter.

        Returns:
            the listening end.

        Raises:
            HybridError: the path is too long for a Unix socket.
        """
        if len(bytes(path)) > _LONGEST_PATH:
            raise HybridError(f"the path of a notify socket is too long: {path}", "set XDG_RUNTIME_DIR to a short path")
        receiver = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        try:
            receiver.bind(bytes(path))
            path.chmod(0o600)
        except BaseException:
            receiver.close()
            raise
        return cls(path, receiver)

    async def wait(self) -> None:
        """Return once READY=1 has come."""
        await self._ready.wait()

    def close(self) -> None:
        """Stop listening and remove the file."""
        asyncio.get_running_loop().remove_reader(self._receiver)
        self._receiver.close()
        self.path.unlink(missing_ok=True)

    def _arrived(self) -> None:
        with contextlib.suppress(BlockingIOError):
            while True:
                for line in self._receiver.recv(_DATAGRAM).decode(errors="replace").splitlines():
                    key, _, value = line.partition("=")
                    if (key, value) == ("READY", "1"):
                        self._ready.set()
                    elif key == "STATUS":
                        self.status = value
