"""Messages between supervisor, template and shims: four bytes of length, then a marshalled dictionary.

Descriptors travel with the first byte of a message (SCM_RIGHTS). Marshal, not JSON: it carries the bytes
of arguments, variables and paths as they are, and its module is part of the interpreter, where JSON brings
regular expressions and 2 MB for ten shims. Both ends are ours, on the same machine and interpreter.
"""

from __future__ import annotations

import array
import marshal
import socket
import struct

HEADER = struct.Struct("!I")
FORMAT = 2  # of marshal, readable by every Python 3
LIMIT = 64 << 20
MOST_DESCRIPTORS = 253  # SCM_MAX_FD of the kernel

TYPE_CHECKING = False  # known to type checkers; importing `typing` would cost every shim memory
if TYPE_CHECKING:
    from typing import Any, TypeAlias

    Message: TypeAlias = dict[str, Any]


def encode(message: Message) -> bytes:
    """The bytes of one message."""
    body = marshal.dumps(message, FORMAT)
    return HEADER.pack(len(body)) + body


def receive(sock: socket.socket) -> tuple[Message, list[int]]:
    """Wait for one whole message on a blocking socket.

    Args:
        sock: our end of the pair.

    Returns:
        the message and the descriptors that came with it, close-on-exec.

    Raises:
        EOFError: the other side is gone.
    """
    start, ancillary, _, _ = sock.recvmsg(HEADER.size, socket.CMSG_SPACE(MOST_DESCRIPTORS * 4), socket.MSG_CMSG_CLOEXEC)
    descriptors = array.array("i")
    for level, kind, data in ancillary:
        if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
            descriptors.frombytes(data[: len(data) - len(data) % descriptors.itemsize])
    header = start + _exactly(sock, HEADER.size - len(start)) if start else start
    if not header:
        raise EOFError
    (length,) = HEADER.unpack(header)
    if length > LIMIT:
        raise EOFError
    message: Message = marshal.loads(_exactly(sock, length))  # noqa: S302 -- from our own supervisor
    return message, descriptors.tolist()


def _exactly(sock: socket.socket, count: int) -> bytes:
    received = bytearray()
    while len(received) < count:
        part = sock.recv(count - len(received))
        if not part:
            raise EOFError
        received += part
    return bytes(received)


class Stream:
    """Puts the messages of a non-blocking socket together from whatever arrives."""

    def __init__(self) -> None:
        self._pending = bytearray()

    def feed(self, data: bytes) -> list[Message]:
        """Take what arrived and give the messages that are now complete.

        Args:
            data: bytes in the order they were received.

        Returns:
            complete messages, oldest first.
        """
        self._pending += data
        messages: list[Message] = []
        while len(self._pending) >= HEADER.size:
            (length,) = HEADER.unpack_from(self._pending)
            if len(self._pending) < HEADER.size + length:
                break
            body = self._pending[HEADER.size : HEADER.size + length]
            messages.append(marshal.loads(body))  # noqa: S302 -- from our own supervisor
            del self._pending[: HEADER.size + length]
        return messages
