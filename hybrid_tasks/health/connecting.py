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
    until = asyncio.get_running_loop().time() + at.timeout
    for address in addresses:
        try:
            return await _connect(address, at.port, at.mark, until)
        except OSError as problem:
            if problem.errno in _NOBODY:
                continue
            raise Unwell(f"port {at.port}: {problem.strerror or problem}") from problem
    if addresses == ("127.0.0.1",) and at.patience < _ASKED_AGAIN and await _answers_on_ipv6(at.port, until):
        raise Unwell(f"port {at.port} is open on [::1] only; let it listen on {at.host}, or set host to `localhost`")
    raise Unwell(f"nothing listens on port {at.port}")


async def accepted(connection: socket.socket, at: Asked, within: float) -> bool:
    """Wait until the instance has accepted a connection.

    Args:
        connection: one made by `connect`.
        at: the instance.
        within: seconds to wait while nobody has accepted it; a quarter of a second where somebody has who cannot be
            named.

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
        if answer is None:
            nameless = None
        elif nameless is None:
            _name(connection, at)
            nameless = now
        if now + pause > (deadline if nameless is None else nameless + _BETWEEN):
            if nameless is None:
                return False
            _name(connection, at)
            raise _stranger(at, "another process")
        await asyncio.sleep(pause)
        pause = min(pause * 2, _LAST_PAUSE)
    return True


def _ours(connection: socket.socket, at: Asked) -> bool | None:
    """Whose it is: None while nobody has it or it cannot be told, False where it is not seen to be ours."""
    if at.ownership is None:
        return True
    try:
        return at.ownership.belongs(connection)
    except OSError:  # a process that went away while we looked
        return None


def _name(connection: socket.socket, at: Asked) -> None:
    """Look who has accepted it, which takes a look at every process of the machine.

    Raises:
        Unwell: somebody who can be named has.
    """
    who = at.ownership.stranger(connection) if at.ownership is not None else ""
    if who:
        raise _stranger(at, who)


def _stranger(at: Asked, who: str) -> Unwell:
    return Unwell(f"port {at.port} is answered by {who}, not by this service")


async def _connect(
    address: str, port: int, mark: Callable[[socket.socket], None] | None, until: float
) -> socket.socket:
    target: tuple[object, ...] = (address, port)
    family = _family(address)
    if family is None:  # a name
        loop = asyncio.get_running_loop()
        asking = loop.getaddrinfo(address, port, type=socket.SOCK_STREAM)
        found = await in_time(until, asking, _deaf(port))
        family, *_, target = found[0]
    connection = socket.socket(family, socket.SOCK_STREAM)
    try:
        connection.setblocking(False)
        if mark is not None:
            mark(connection)
        if not _at_once(connection, target):
            await _slowly(connection, target, until, port)
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


async def in_time(until: float, waiting: Awaitable[_T], late: str) -> _T:
    """Wait for something until a time of the loop's clock.

    Args:
        until: seconds of that clock.
        waiting: what is waited for.
        late: the reason when it has not come by then.

    Returns:
        what came.

    Raises:
        Unwell: for that reason.
    """
    try:
        async with asyncio.timeout_at(until):
            return await waiting
    except TimeoutError:
        raise Unwell(late) from None


def _deaf(port: int) -> str:
    return f"port {port} does not accept connections"


async def _slowly(connection: socket.socket, target: tuple[object, ...], until: float, port: int) -> None:
    try:
        await in_time(until, asyncio.get_running_loop().sock_connect(connection, target), _deaf(port))
    except OSError as problem:
        if problem.errno != errno.EISCONN:  # it stood in the meantime (macOS says so)
            raise


def _at_once(connection: socket.socket, target: tuple[object, ...]) -> bool:
    """Connect; False: it takes its time. On this machine a connection stands at once, though the kernel says later.

    Raises:
        OSError: it was refused.
    """
    code = connection.connect_ex(target)
    if code == errno.EINPROGRESS:
        code = connection.connect_ex(target)
    if code not in {0, errno.EISCONN, errno.EALREADY, errno.EINPROGRESS}:
        raise OSError(code, os.strerror(code))
    return code in {0, errno.EISCONN}


def meets_itself(connection: socket.socket) -> bool:
    """Whether both ends are the same socket: TCP allows it when nobody listens and our own port is the one asked.

    Args:
        connection: one just made to a port of this machine.
    """
    return bool(connection.getsockname() == connection.getpeername())


async def _answers_on_ipv6(port: int, until: float) -> bool:
    try:
        (await _connect("::1", port, None, until)).close()
    except (OSError, Unwell):
        return False
    return True
