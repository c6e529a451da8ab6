"""Getting through to an instance: the connection, and proof that the instance has the other end."""

from __future__ import annotations

import asyncio
import errno
import ipaddress
import os
import socket
from collections.abc import Awaitable, Callable
from functools import lru_cache
from typing import TypeVar

from hybrid_tasks.health.asked import Asked, Unwell

_LOOPBACKS = {"localhost": ("127.0.0.1", "::1"), "0.0.0.0": ("127.0.0.1",), "": ("127.0.0.1",), "::": ("::1",)}  # noqa: S104
_NOBODY = {errno.ECONNREFUSED, errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT, errno.ENETUNREACH}
_FIRST_PAUSE = 0.0005
_LAST_PAUSE = 0.05
_T = TypeVar("_T")
_BETWEEN = 0.25
"""Seconds for which an accepted connection may be nobody's: the kernel gives a process its descriptor only after it has
accepted, and takes it away before the connection ends."""
_ASKED_AGAIN = 1.0  # seconds left for further attempts: who reads the reason of this one?


async def connect(at: Asked) -> socket.socket:
    """Connect to the instance's port.

    Args:
        at: the instance.

    Returns:
        a non-blocking connection, for the caller to close.

    Raises:
        Unwell: nothing listens there, or it does not accept connections within `timeout`.
    """
    if at.port is None:
        raise Unwell("it has no port to ask")
    addresses = _LOOPBACKS.get(at.host, (at.host,))
    for address in addresses:
        try:
            return await _connect(address, at.port, at.mark, at.timeout)
        except OSError as problem:
            if problem.errno in _NOBODY:
                continue
            raise Unwell(f"port {at.port}: {problem.strerror or problem}") from problem
    if addresses == ("127.0.0.1",) and at.patience < _ASKED_AGAIN and await _answers_on_ipv6(at.port, at.timeout):
        raise Unwell(f"port {at.port} is open on [::1] only; let it listen on {at.host}, or set host to `localhost`")
    raise Unwell(f"nothing listens on port {at.port}")


async def accepted(connection: socket.socket, at: Asked, within: float) -> bool:
    """Wait until the instance has accepted a connection.

    Args:
        connection: one made by `connect`.
        at: the instance.
        within: seconds to wait at most.

    Returns:
        whether it has; True at once where ownership is not provable.

    Raises:
        Unwell: somebody else has accepted it.
    """
    loop = asyncio.get_running_loop()
    deadline, pause = loop.time() + within, _FIRST_PAUSE
    nameless: float | None = None
    while not (answer := _ours(connection, at)):
        now = loop.time()
        if answer is False:
            nameless = nameless or now
        if now + pause > (deadline if nameless is None else nameless + _BETWEEN):
            if answer is False:
                raise _stranger(at, "another process")
            return False
        await asyncio.sleep(pause)
        pause = min(pause * 2, _LAST_PAUSE)
    return True


def _ours(connection: socket.socket, at: Asked) -> bool | None:
    """Whose it is: None while nobody has it or it cannot be told, False where nobody seen has it."""
    if at.ownership is None:
        return True
    try:
        answer = at.ownership.belongs(connection)
    except OSError:  # a process that went away while we looked
        return None
    if answer is False and (who := at.ownership.stranger(connection)):
        raise _stranger(at, who)
    return answer


def _stranger(at: Asked, who: str) -> Unwell:
    return Unwell(f"port {at.port} is answered by {who}, not by this service")


async def _connect(
    address: str, port: int, mark: Callable[[socket.socket], None] | None, seconds: float
) -> socket.socket:
    loop = asyncio.get_running_loop()
    target: tuple[object, ...] = (address, port)
    family = _family(address)
    if family is None:  # a name
        found = await _in_time(seconds, loop.getaddrinfo(address, port, type=socket.SOCK_STREAM), port)
        family, *_, target = found[0]
    connection = socket.socket(family, socket.SOCK_STREAM)
    try:
        connection.setblocking(False)
        if mark is not None:
            mark(connection)
        if not _at_once(connection, target):
            await _in_time(seconds, loop.sock_connect(connection, target), port)
    except BaseException:
        connection.close()
        raise
    if meets_itself(connection):
        connection.close()
        raise ConnectionRefusedError(errno.ECONNREFUSED, "connected to itself")
    return connection


@lru_cache(maxsize=64)
def _family(address: str) -> socket.AddressFamily | None:
    """The family of an address, None where it is a name."""
    try:
        version = ipaddress.ip_address(address).version
    except ValueError:
        return None
    return socket.AF_INET if version == 4 else socket.AF_INET6  # noqa: PLR2004


async def _in_time(seconds: float, waiting: Awaitable[_T], port: int) -> _T:
    try:
        async with asyncio.timeout(seconds):
            return await waiting
    except TimeoutError:
        raise Unwell(f"port {port} does not accept connections") from None


def _at_once(connection: socket.socket, target: tuple[object, ...]) -> bool:
    """Connect; False: it takes its time. On this machine a connection stands at once, though the kernel says later.

    Raises:
        OSError: it was refused.
    """
    code = connection.connect_ex(target)
    if code == errno.EINPROGRESS:
        code = connection.connect_ex(target)
    if code not in {0, errno.EISCONN, errno.EALREADY, errno.EINPROGRESS, errno.EAGAIN}:
        raise OSError(code, os.strerror(code))
    return code in {0, errno.EISCONN}


def meets_itself(connection: socket.socket) -> bool:
    """Whether both ends are the same socket: TCP allows it when nobody listens and our own port is the one asked.

    Args:
        connection: one just made to a port of this machine.
    """
    return bool(connection.getsockname() == connection.getpeername())


async def _answers_on_ipv6(port: int, seconds: float) -> bool:
    try:
        (await _connect("::1", port, None, seconds)).close()
    except OSError:
        return False
    return True
