"""The answer a client gets while nothing serves: HTTP 503 with the reason, as text or as a small page."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass

HEAD_LIMIT = 16 * 1024
"""Bytes of a request that are looked at."""

_REQUEST_LINE = re.compile(rb"[A-Z]{3,20} [^ \r\n]{1,8192} HTTP/1\.[01]\r?\n")
_UNFINISHED_LINE = re.compile(rb"[A-Z]{0,20}|[A-Z]{3,20} [^\r\n]{0,8210}\r?")
_HEAD_END = re.compile(rb"\r?\n\r?\n")
_WANTS_HTML = re.compile(rb"\naccept:[^\n]*text/html", re.IGNORECASE)

REFRESH = 2
"""Seconds after which a browser asks again by itself."""

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta http-equiv="refresh" content="{refresh}"><title>{title}</title>
<style>body{{font:16px/1.5 system-ui,sans-serif;margin:2rem;color-scheme:light dark}}pre{{overflow-x:auto}}</style>
</head><body><h1>{title}</h1><pre>{text}</pre><p>This page asks again every {refresh} seconds.</p></body></html>
"""


@dataclass(frozen=True, slots=True)
class Notice:
    """Why nothing serves.

    Args:
        title: one line with the service's name (`web did not build`).
        text: the reason, any number of lines.
    """

    title: str = "nothing serves this port at the moment"
    text: str = ""


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


def unavailable(head: bytes, notice: Notice) -> bytes:
    """Compose the answer: a page that refreshes itself for browsers, plain text for everybody else.

    Args:
        head: the head of the request.
        notice: the reason.

    Returns:
        the bytes of an HTTP/1.1 response.
    """
    if _WANTS_HTML.search(head.partition(b"\r\n\r\n")[0]):
        kind = "text/html"
        body = _PAGE.format(title=html.escape(notice.title), text=html.escape(notice.text), refresh=REFRESH)
    else:
        kind, body = "text/plain", f"{notice.title}\n{notice.text}".rstrip("\n") + "\n"
    content = body.encode(errors="replace")
    lines = (
        "HTTP/1.1 503 Service Unavailable",
        f"Content-Type: {kind}; charset=utf-8",
        f"Content-Length: {len(content)}",
        "Cache-Control: no-store",
        "Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline'",
        "X-Content-Type-Options: nosniff",
        "Retry-After: 1",
        "Connection: close",
    )
    answer = "\r\n".join(lines).encode() + b"\r\n\r\n"
    return answer if head.startswith(b"HEAD ") else answer + content
