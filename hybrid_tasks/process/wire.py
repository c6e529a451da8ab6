"""Messages to the template and the shims: length, marshalled dictionary, descriptors with the first byte.

The other end is `shim/frames.py`, which says why; it imports nothing of ours, so the same stands here again.
"""

from __future__ import annotations

import array
import asyncio
import marshal
import socket
import struct
from collections.abc import Mapping, Sequence
from typing import Any

HEADER = struct.Struct("!I")
FORMAT = 2  # of marshal, readable by every Python 3


def encode(message: Mapping[str, Any]) -> bytes:
    """The bytes of one message.

    Args:
        message: of numbers, text, bytes, lists and dictionaries.
    """
    body = marshal.dumps(dict(message), FORMAT)
    return HEADER.pack(len(body)) + body


async def send(sock: socket.socket, message: Mapping[str, Any], descriptors: Sequence[int] = ()) -> None:
    """Send one message with descriptors, without blocking the loop.

    Args:
        sock: a non-blocking stream socket on which nobody else sends meanwhile.
        message: of numbers, text, bytes, lists and dictionaries.
        descriptors: what the other side gets copies of.

    Raises:
        OSError: the other side is gone, or the kernel refuses.
    """
    loop = asyncio.get_running_loop()
    data = encode(message)
    rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", descriptors))] if descriptors else []
    while True:
        try:
            sent = sock.sendmsg([data], rights)
            break
        except BlockingIOError:
            await _writable(loop, sock)
    if sent < len(data):
        await loop.sock_sendall(sock, memoryview(data)[sent:])


async def _writable(loop: asyncio.AbstractEventLoop, sock: socket.socket) -> None:
    ready = asyncio.Event()
    loop.add_writer(sock.fileno(), ready.set)
    try:
        await ready.wait()
    finally:
        loop.remove_writer(sock)


class Stream:
    """Puts messages together from whatever arrives."""

    def __init__(self) -> None:
        self._pending = bytearray()

    def feed(self, data: bytes) -> list[dict[str, Any]]:
        """Take what arrived and give the messages that are now complete, oldest first.

        Args:
            data: bytes in the order they were received.
        """
        self._pending += data
        messages = []
        while len(self._pending) >= HEADER.size:
            (length,) = HEADER.unpack_from(self._pending)
            if len(self._pending) < HEADER.size + length:
                break
            body = self._pending[HEADER.size : HEADER.size + length]
            messages.append(marshal.loads(body))  # noqa: S302 -- from our own shim
            del self._pending[: HEADER.size + length]
        return messages
