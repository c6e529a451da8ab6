"""The receiving end of sd_notify(3): a datagram socket that hears READY=1, from the instance and from nobody else."""

from __future__ import annotations

import array
import asyncio
import contextlib
import os
import socket
import struct
import sys
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Self

from hybrid_tasks.errors import HybridError

_LONGEST_PATH = 107  # bytes; sun_path has room for 108 with its final zero
_DATAGRAM = 4096
_SENDER = struct.Struct("3i")  # struct ucred: pid, uid, gid
_MOST_DESCRIPTORS = 16
_MOST_EARLY = 64
_TELLS = sys.platform.startswith("linux")  # elsewhere nobody else can enter the folder, and that has to do

Line = Callable[[int], Collection[int]]


class Notified:
    """One instance's NOTIFY_SOCKET; `open` makes one before the instance is started, `close` removes it.

    Args:
        address: for the instance's environment: a path, or `@` and an abstract name.
        receiver: the bound socket.
        line: gives a process and those it descends from, asked the moment a message comes: its sender may end.
    """

    def __init__(self, address: str, receiver: socket.socket, line: Line) -> None:
        self.address = address
        self.status = ""
        self._receiver = receiver
        self._line = line
        self._stranger: int | None = None
        self._roots: frozenset[int] | None = None
        self._early: list[tuple[int, frozenset[int], bytes]] = []
        self._ready = asyncio.Event()
        asyncio.get_running_loop().add_reader(receiver, self._arrived)

    @classmethod
    def open(cls, address: str, line: Line) -> Self:
        """Bind the socket; must be called on the event loop.

        Args:
            address: a new file in a directory that only we can enter, or (on Linux) `@` and a name nobody has.
            line: gives a process and those it descends from.

        Returns:
            the listening end.

        Raises:
            HybridError: the path is too long for a Unix socket.
        """
        if len(os.fsencode(address)) > _LONGEST_PATH:
            words = f"the path of a notify socket is too long: {address}"
            raise HybridError(words, "set XDG_RUNTIME_DIR to a short path")
        receiver = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        try:
            if _TELLS:
                receiver.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
            receiver.bind(b"\0" + os.fsencode(address[1:]) if address.startswith("@") else os.fsencode(address))
            if not address.startswith("@"):
                Path(address).chmod(0o600)
        except BaseException:
            receiver.close()
            raise
        return cls(address, receiver, line)

    def of(self, roots: Collection[int]) -> None:
        """Hear whose word counts, which is known only once it runs.

        Args:
            roots: processes; what descends from them counts too.
        """
        self._roots = frozenset(roots)
        early, self._early = self._early, []
        for pid, line, message in early:
            self._take(pid, line, message)

    async def wait(self) -> None:
        """Return once READY=1 has come."""
        await self._ready.wait()

    def why(self) -> str:
        """Say why it is not ready, in words for the user."""
        if self._stranger is not None:
            return f"READY=1 came from pid {self._stranger}, which is none of its processes"
        return "it has not sent READY=1 yet" + (f"; it says: {self.status}" if self.status else "")

    def close(self) -> None:
        """Stop listening and remove the file."""
        asyncio.get_running_loop().remove_reader(self._receiver)
        self._receiver.close()
        if not self.address.startswith("@"):
            Path(self.address).unlink(missing_ok=True)

    def _arrived(self) -> None:
        room = socket.CMSG_SPACE(_SENDER.size) + socket.CMSG_SPACE(_MOST_DESCRIPTORS * array.array("i").itemsize)
        with contextlib.suppress(BlockingIOError):
            while True:
                message, extra, _, _ = self._receiver.recvmsg(_DATAGRAM, room)
                pid = _sender(extra)
                line = frozenset(self._line(pid)) if pid else frozenset()
                if self._roots is not None:
                    self._take(pid, line, message)
                elif len(self._early) < _MOST_EARLY:
                    self._early.append((pid, line, message))

    def _take(self, pid: int, line: frozenset[int], message: bytes) -> None:
        said = [text.partition("=")[::2] for text in message.decode(errors="replace").splitlines()]
        ready = ("READY", "1") in said
        if _TELLS and not (self._roots or frozenset()) & line:
            self._stranger = pid if ready else self._stranger
            return
        self.status = next((value for key, value in said if key == "STATUS"), self.status)
        if ready:
            self._ready.set()


def _sender(extra: list[tuple[int, int, bytes]]) -> int:
    """Give the sender's pid, 0 when it is another user's; descriptors are closed, which is what BARRIER=1 waits for."""
    found = 0
    for level, kind, data in extra:
        if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
            descriptors = array.array("i")
            descriptors.frombytes(data[: len(data) - len(data) % descriptors.itemsize])
            for descriptor in descriptors:
                os.close(descriptor)
        elif _TELLS and level == socket.SOL_SOCKET and kind == socket.SCM_CREDENTIALS:
            pid, uid, _ = _SENDER.unpack(data[: _SENDER.size])
            found = pid if uid == os.getuid() else 0
    return found
