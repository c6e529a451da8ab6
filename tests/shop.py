"""Small services for end-to-end tests, and clients that count what they are told."""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any, Self

from hybrid_tasks.testing.project import Project

APP = """
import asyncio, os, time
VERSION = "WORD"
HEALTH = 200

async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        while True:
            message = await receive()
            await send({"type": message["type"] + ".complete"})
            if message["type"] == "lifespan.shutdown":
                return
    body = VERSION.encode()
    status = HEALTH if scope["path"] == "/healthz" else 200
    if status == 0:
        await asyncio.sleep(60)
    head = [(b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status or 200, "headers": head})
    await send({"type": "http.response.body", "body": body})
"""


def app(word: str, health: int = 200) -> str:
    """An ASGI application that answers with a word; health 0 hangs."""
    return APP.replace("WORD", word).replace("HEALTH = 200", f"HEALTH = {health}")


def python_service(project: Project, port: int, more: str = "") -> Path:
    """Write a project with one ASGI service, and give its source file."""
    project.write(
        "hybrid.toml",
        f'[services.web]\nstack = "python"\ndir = "web"\nport = {port}\n'
        f'health = {{http = "/healthz", start_period = 3, timeout = 1}}\n{more}\n'
        '[services.web.python]\napp = "main:app"\n',
    )
    return project.write("web/main.py", app("zero"))


def receipts(project: Project) -> list[dict[str, Any]]:
    """Every receipt of the project, oldest first."""
    [file] = (project.root.parent / "state").rglob("receipts.jsonl")
    return [json.loads(line) for line in file.read_text().splitlines()]


class Load:
    """Asks a service all the time, one connection a request, until it is left.

    Args:
        port: of the service.
        rate: requests a second.
    """

    def __init__(self, port: int, rate: float = 200.0) -> None:
        self.answers: Counter[str] = Counter()
        self.order: list[str] = []
        self.failures: list[str] = []
        self._port = port
        self._pause = 1 / rate
        self._end = threading.Event()
        self._threads = [threading.Thread(target=self._run) for _ in range(4)]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        for thread in self._threads:
            thread.join()

    def _run(self) -> None:
        due = time.monotonic()
        while not self._end.is_set():
            due = max(due + self._pause * len(self._threads), time.monotonic() - 1)
            self._end.wait(max(0.0, due - time.monotonic()))
            connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=10)
            try:
                connection.request("GET", "/")
                answer = connection.getresponse()
                body = answer.read().decode()
            except (OSError, http.client.HTTPException) as error:  # also an answer that broke off in the middle
                self.failures.append(f"{type(error).__name__}: {error}")
                continue
            finally:
                connection.close()
            if answer.status == 200:
                self.answers[body] += 1
                self.order.append(body)
            else:
                self.failures.append(f"{answer.status}: {body[:200]}")
