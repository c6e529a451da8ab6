"""The answer a client gets while nothing serves: HTTP 503 with the reason, as text or as a small page."""

from __future__ import annotations

import html
import re

HEAD_LIMIT = 16 * 1024
"""Bytes of a request that are looked at."""

_REQUEST_LINE = re.compile(rb"[A-Z]{3,20} [^ \r\n]{1,8192} HTTP/1\.[01]\r?\n")
_UNFINISHED_LINE = re.compile(rb"[A-Z]{0,20}|[A-Z]{3,20} [^\r\n]{0,8210}\r?")
_HEAD_END = re.compile(rb"\r?\n\r?\n")
_WANTS_HTML = re.compile(rb"\naccept:[^\n]*text/html", re.IGNORECASE)

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>not available</title></head>
<body><h1>Not available at the moment</h1><pre>{text}</pre></body></html>
"""


def speaks_http(head: bytes) -> bool | None:
    """Judge the first bytes of a connection.

    Args:
        head: what has come so far.

    Returns:
        True for an HTTP/1 request, False for anything else, None when more is needed to tell.
    """
    if _REQUEST_LINE.match(head):
        return True
    return None if _UNFINISHED_LINE.fullmatch(head) else False


def complete(head: bytes) -> bool:
    """Whether the whole head of the request is there, or as much of it as we look at.

    Args:
        head: what has come so far.
    """
    return len(head) >= HEAD_LIMIT or _HEAD_END.search(head) is not None


def unavailable(head: bytes, text: str) -> bytes:
    """Compose the answer.

    Args:
        head: the head of the request.
        text: the reason, any number of lines.

    Returns:
        the bytes of an HTTP/1.1 response.
    """
    if _WANTS_HTML.search(head.partition(b"\r\n\r\n")[0]):
        kind, body = "text/html", _PAGE.format(text=html.escape(text))
    else:
        kind, body = "text/plain", text.rstrip("\n") + "\n"
    content = body.encode(errors="replace")
    lines = (
        "HTTP/1.1 503 Service Unavailable",
        f"Content-Type: {kind}; charset=utf-8",
        f"Content-Length: {len(content)}",
        "Cache-Control: no-store",
        "X-Content-Type-Options: nosniff",
        "Retry-After: 1",
        "Connection: close",
    )
    answer = "\r\n".join(lines).encode() + b"\r\n\r\n"
    return answer if head.startswith(b"HEAD ") else answer + content
