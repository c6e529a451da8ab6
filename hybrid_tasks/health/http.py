"""Just enough HTTP/1.1 to ask one question: GET a path, read the status, be polite about the body."""

from __future__ import annotations

import asyncio
import contextlib
import re
import socket
from urllib.parse import quote

from hybrid_tasks.health.asked import Unwell

LIMIT = 64 * 1024
"""Bytes of an answer that are read at most."""

_STATUS = re.compile(rb"HTTP/1\.[01] ([1-5]\d\d)(?:[ \r\n]|$)")
_HEAD_END = re.compile(rb"\r?\n\r?\n")
_LENGTH = re.compile(rb"\ncontent-length:[ \t]*(\d{1,15})[ \t]*\r?\n", re.IGNORECASE)
_CHUNKED = re.compile(rb"\ntransfer-encoding:[^\n]*chunked", re.IGNORECASE)
_TLS_RECORDS = (b"\x15\x03", b"\x16\x03")
_POLITE = 0.25  # seconds for a body that does not matter any more
_SWITCHING = 101


def request(path: str, host: str, port: int) -> bytes:
    """Compose the question.

    Args:
        path: the path with its query; what may not stand in a request line is escaped.
        host: for the Host header.
        port: likewise.

    Returns:
        the request; it leaves the closing to us, so that TIME_WAIT is never on the service's port.
    """
    where = quote(path if path.startswith("/") else f"/{path}", safe="/?&=%:@!$'()*+,;~-._[]")
    name = f"[{host}]" if ":" in host else host
    return (
        f"GET {where} HTTP/1.1\r\nHost: {name}:{port}\r\nUser-Agent: hybrid-tasks-health\r\nAccept: */*\r\n\r\n"
    ).encode()


async def read_status(connection: socket.socket) -> tuple[int, bytes]:
    """Read the head of the answer.

    Args:
        connection: non-blocking, the request is sent.

    Returns:
        the status, and the head with what came of the body.

    Raises:
        Unwell: that is no HTTP answer.
    """
    loop = asyncio.get_running_loop()
    data = b""
    while True:
        while (end := _HEAD_END.search(data)) is not None:
            found = _STATUS.match(data)
            if found is None:
                raise Unwell("the status line is not HTTP/1")
            status = int(found[1])
            if status >= 200 or status == _SWITCHING:  # noqa: PLR2004 - the others announce that the answer comes
                return status, data
            data = data[end.end() :]
        if len(data) >= LIMIT:
            raise Unwell(f"the head of the answer is longer than {LIMIT // 1024} KB")
        try:
            more = await loop.sock_recv(connection, LIMIT)
        except ConnectionResetError as problem:
            raise Unwell("the connection was reset before the answer was complete") from problem
        data += more
        _check(data, ended=not more)


async def drain(connection: socket.socket, answer: bytes) -> None:
    """Read the rest of a short body, so that our closing does not reset the connection under it.

    Args:
        connection: where it comes from.
        answer: what `read_status` gave.
    """
    end = _HEAD_END.search(answer)
    head, body = (answer[: end.end()], len(answer) - end.end()) if end else (answer, 0)
    last = answer[-8:]
    length = _LENGTH.search(head)
    wanted = min(int(length[1]), LIMIT) if length else LIMIT
    chunked = _CHUNKED.search(head) is not None
    if _STATUS.match(answer) and answer[9:12] in {b"204", b"304"}:
        return
    with contextlib.suppress(TimeoutError, OSError):
        async with asyncio.timeout(_POLITE):
            while body < wanted and not (chunked and last.endswith(b"0\r\n\r\n")):
                more = await asyncio.get_running_loop().sock_recv(connection, LIMIT)
                if not more:
                    return
                body += len(more)
                last = (last + more)[-8:]


def _check(data: bytes, *, ended: bool) -> None:
    """Give up early on what can never become an HTTP answer."""
    if data.startswith(_TLS_RECORDS):
        raise Unwell("it speaks TLS, not plain HTTP")
    if not b"HTTP/1.".startswith(data[:7]):
        raise Unwell("it answered with something that is not HTTP")
    if ended:
        raise Unwell("the answer broke off in the middle" if data else "it closed the connection without an answer")
