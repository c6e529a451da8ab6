"""Connections that came while nothing served: they wait, and are handed on or told why not.

Nothing here knows how a port is steered: it accepts from the listeners it is given and asks `connect` for
a way to the serving instance.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import socket
from collections.abc import Awaitable, Callable

from hybrid_tasks.engine import relay, unavailable

PATIENCE = 2.0
"""Seconds a connection waits before it is told that nothing serves."""

MOST = 256
"""Connections attended at a time; more wait in the kernel's queue, so that clients cannot use up our descriptors."""

_HEAD_DEADLINE = 10.0
_LINGER = 1.0
_LINGER_BYTES = 1024 * 1024
_EXHAUSTED = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM}
_BREATH = 0.1  # seconds without accepting when descriptors have run out


class Holder:
    """Attends the connections that reached us instead of an instance.

    Args:
        connect: gives a connection to the serving instance; called only after `serves(True)`.
        probe: whether a connection from there is a probe of ours.
        patience: seconds before the 503.
        most: connections attended at a time.
    """

    def __init__(
        self,
        connect: Callable[[], Awaitable[socket.socket]],
        probe: Callable[[tuple[str, int]], bool],
        patience: float = PATIENCE,
        most: int = MOST,
    ) -> None:
        self.notice = unavailable.Notice()
        self._connect = connect
        self._probe = probe
        self._patience = patience
        self._most = most
        self._serving = asyncio.Event()
        self._held: dict[asyncio.Task[None], socket.socket] = {}
        self._listeners: set[socket.socket] = set()
        self._paused = False

    def serves(self, yes: bool) -> None:
        """Hear whether an instance serves now.

        Args:
            yes: whether it does.
        """
        if yes:
            self._serving.set()
        else:
            self._serving.clear()

    def accept_from(self, listener: socket.socket) -> None:
        """Attend whoever waits or will wait at this listener.

        Args:
            listener: a listening socket that nobody else accepts from; it becomes non-blocking.
        """
        listener.setblocking(False)
        self._listeners.add(listener)
        if not self._paused:
            asyncio.get_running_loop().add_reader(listener, self._acceptable, listener)

    def leave(self, listener: socket.socket) -> None:
        """Take what waits at this listener now, and do not accept from it any more.

        Args:
            listener: one given to `accept_from`; others are ignored.
        """
        if listener not in self._listeners:
            return
        self._listeners.discard(listener)
        asyncio.get_running_loop().remove_reader(listener)
        with contextlib.suppress(OSError):  # BlockingIOError: all taken; EINVAL: shut down
            while True:
                self._take(*listener.accept())

    async def close(self) -> None:
        """Stop accepting and close every connection that is attended."""
        for listener in self._listeners:
            asyncio.get_running_loop().remove_reader(listener)
        self._listeners.clear()
        held = tuple(self._held)
        for attending in held:
            attending.cancel()
        await asyncio.gather(*held, return_exceptions=True)

    def _acceptable(self, listener: socket.socket) -> None:
        try:
            while len(self._held) < self._most:
                self._take(*listener.accept())
        except (BlockingIOError, InterruptedError, ConnectionAbortedError):
            return
        except OSError as problem:
            if problem.errno not in _EXHAUSTED:  # shut down from outside: nothing will come any more
                self.leave(listener)
                return
            asyncio.get_running_loop().call_later(_BREATH, self._resume)
        self._pause()

    def _take(self, client: socket.socket, peer: tuple[str, int]) -> None:
        if self._probe(peer):  # a probe asks an instance, never us
            client.close()
            return
        client.setblocking(False)
        attending = asyncio.ensure_future(self._attend(client))
        self._held[attending] = client
        attending.add_done_callback(self._attended)

    def _attended(self, attending: asyncio.Task[None]) -> None:
        # Closed here and not by the task: one that is cancelled before its first step never gets to its `finally`.
        self._held.pop(attending).close()
        if self._paused and len(self._held) < self._most:
            self._resume()

    def _pause(self) -> None:
        self._paused = True
        for listener in self._listeners:
            asyncio.get_running_loop().remove_reader(listener)

    def _resume(self) -> None:
        self._paused = False
        for listener in tuple(self._listeners):
            self.accept_from(listener)

    async def _attend(self, client: socket.socket) -> None:
        try:
            head: bytes | None = b""
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._patience):
                    await self._serving.wait()
            if not self._serving.is_set():
                head = await self._request(client)
            if head is None:
                return
            if self._serving.is_set():
                await relay.relay(client, await self._connect(), head)
            else:
                await self._refuse(client, head)
        except OSError:
            relay.reset(client)  # either side went away: nothing to tell anybody

    async def _request(self, client: socket.socket) -> bytes | None:
        """Read the head of the request, until something serves; None when this is no HTTP or nothing comes."""
        head = b""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_HEAD_DEADLINE):
                while not self._serving.is_set():
                    verdict = unavailable.speaks_http(head)
                    if verdict and unavailable.complete(head):
                        return head
                    if verdict is False or not (more := await self._more(client)):
                        return None
                    head += more
                return head
        return None

    async def _more(self, client: socket.socket) -> bytes:
        """The next bytes of a connection; what is read is never lost to a cancellation."""
        loop = asyncio.get_running_loop()
        readable = asyncio.Event()
        loop.add_reader(client, readable.set)
        try:
            await readable.wait()
        finally:
            loop.remove_reader(client)
        return client.recv(unavailable.HEAD_LIMIT)

    async def _refuse(self, client: socket.socket, head: bytes) -> None:
        loop = asyncio.get_running_loop()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_LINGER):
                await loop.sock_sendall(client, unavailable.unavailable(head, self.notice))
                client.shutdown(socket.SHUT_WR)
                # Closing with unread bytes would be a reset, which can overtake the answer.
                seen = 0
                while seen < _LINGER_BYTES and (more := await loop.sock_recv(client, relay.CHUNK)):
                    seen += len(more)
