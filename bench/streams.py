"""Event streams and WebSockets that are open at a save, and how the version that retires ends them.

*Told* is a close frame, or the last chunk of an event stream; *closed* is the orderly end of a connection without
either (what uvicorn does with a stream that goes on after its grace of a second: an `EventSource` connects anew);
*reset* is any other end. *Ended after* counts from the save.
"""

from __future__ import annotations

import contextlib
import selectors
import socket
import statistics
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field

from bench import asking, projects, sources, table, tools
from hybrid_tasks.testing.project import free_port

SAVES, EACH = 10, 8
LIMIT = 30.0
"""Seconds after which a connection that is still open counts as left."""
STREAMS = """    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.accept"})
        while (await receive())["type"] != "websocket.disconnect":
            pass
        return
    if scope["path"] == "/events":
        import asyncio

        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/event-stream")]})
        while True:
            await send({"type": "http.response.body", "body": b"data: tick\\n\\n", "more_body": True})
            await asyncio.sleep(0.2)
"""
"""What the measured application does with them, before it answers with its word."""
APP = sources.PYTHON.replace("    body =", f"{STREAMS}    body =")
EVENTS = "GET /events HTTP/1.1\r\nHost: x\r\n\r\n"
UPGRADE = (
    "GET /socket HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)
CLOSE_FRAME, LAST_CHUNK = b"\x88", b"0\r\n\r\n"


@dataclass
class Seen:
    """How the connections of one kind ended."""

    told: int = 0
    closed: int = 0
    reset: int = 0
    left: int = 0
    after: list[float] = field(default_factory=list)


def main() -> None:
    """Print the table."""
    ways = {"inherited socket": "inherit"} | ({"front": "front"} if tools.find("caddy") else {})
    rows = []
    for name, listen in ways.items():
        seen = measured(listen)
        for kind, one in seen.items():
            after = f"{statistics.median(one.after):.2f}" if one.after else "-"
            goal = "MISSED" if one.reset or one.left else "reached"
            rows.append((f"{kind}, {name}", SAVES * EACH, one.told, one.closed, one.reset, one.left, after, goal))
    table.show((f"{SAVES} saves", "open", "told", "closed", "reset", "left open", "ended after s", "goal"), rows)


def measured(listen: str) -> dict[str, Seen]:
    """Save again and again while streams are open."""
    port = free_port()
    files = sources.project("python", port, f'listen = "{listen}"')
    seen = {"event stream": Seen(), "WebSocket": Seen()}
    with projects.project({**files, "web/main.py": APP.replace("WORD", "zero")}) as made:
        projects.start(made)
        for _ in range(SAVES):
            with contextlib.ExitStack() as opened:
                links = {
                    opened.enter_context(_open(port, request)): kind
                    for kind, request in zip(seen, (EVENTS, UPGRADE), strict=True)
                    for _ in range(EACH)
                }
                since, word = time.perf_counter(), f"v{uuid.uuid4().hex[:10]}"
                (made.root / "web/main.py").write_text(APP.replace("WORD", word))
                _ended(links, seen, since)
                asking.until(lambda word=word: word in asking.get(port))
    return seen


@contextlib.contextmanager
def _open(port: int, request: str) -> Iterator[socket.socket]:
    """A connection that has been answered."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as link:
        link.sendall(request.encode())
        if not link.recv(4096).startswith(b"HTTP/1.1 "):
            raise ConnectionError("no answer")
        yield link


def _ended(links: dict[socket.socket, str], seen: dict[str, Seen], since: float) -> None:
    """Read until every connection has ended, or the time is over."""
    last = dict.fromkeys(links, b"")
    with selectors.DefaultSelector() as ready:
        for link in links:
            ready.register(link, selectors.EVENT_READ)
        while ready.get_map() and time.perf_counter() - since < LIMIT:
            for key, _ in ready.select(1.0):
                link = key.fileobj
                assert isinstance(link, socket.socket)
                one = seen[links[link]]
                try:
                    data, reset = link.recv(65536), False
                except OSError:
                    data, reset = b"", True
                last[link] = (last[link] + data)[-64:]
                told = last[link].endswith(LAST_CHUNK) or (links[link] == "WebSocket" and data[:1] == CLOSE_FRAME)
                if told or not data:
                    ready.unregister(link)
                    how = "told" if told else "reset" if reset else "closed"
                    setattr(one, how, getattr(one, how) + 1)
                    one.after.append(time.perf_counter() - since)
        for key in list(ready.get_map().values()):
            assert isinstance(key.fileobj, socket.socket)
            seen[links[key.fileobj]].left += 1
