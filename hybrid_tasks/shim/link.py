"""The shim's side of the socket to the supervisor; its end is the supervisor's death."""

from __future__ import annotations

import socket

from .frames import TYPE_CHECKING, Stream, encode

if TYPE_CHECKING:
    from .frames import Message


class Link:
    """Tells and hears; a lost supervisor is an ordinary state, not an error.

    Args:
        sock: our end of the socket pair.
    """

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._stream = Stream()
        self.descriptor = sock.fileno()
        self.lost = False
        """Whether the supervisor is gone."""

    def tell(self, message: Message) -> None:
        """Send a message, or notice that nobody is there.

        Args:
            message: what the supervisor should know.
        """
        try:
            self._sock.sendall(encode(message))
        except OSError:
            self.lost = True

    def hear(self) -> list[Message]:
        """The commands that have arrived, without waiting."""
        try:
            data = self._sock.recv(1 << 16, socket.MSG_DONTWAIT)
        except BlockingIOError:
            return []
        except OSError:
            data = b""
        if not data:
            self.lost = True
        return self._stream.feed(data)
