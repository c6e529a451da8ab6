"""Clients that ask at a fixed rate, whatever the service does, and count how it answers."""

from __future__ import annotations

import http.client
import threading
import time
from collections import Counter
from typing import Self

from bench import asking

CLIENTS = 8


class Load:
    """So many requests a second, from several clients, as long as somebody is inside.

    A client whose answer is late asks what it owes at once afterwards, at most one second's worth.

    Args:
        port: of the service.
        rate: requests a second, of all clients together.
        alive: keep connections open; a GET on one that was closed meanwhile is sent once more.
    """

    def __init__(self, port: int, rate: float = 200.0, *, alive: bool = False) -> None:
        self.answers: Counter[str] = Counter()
        """How often each word was answered."""
        self.failures: Counter[str] = Counter()
        """What went wrong, and how often."""
        self.answered: list[float] = []
        """When each answer was complete, by the performance counter."""
        self.slowest = 0.0
        """Seconds of the slowest answer."""
        self._port = port
        self._pause = CLIENTS / rate
        self._alive = alive
        self._end = threading.Event()
        self._threads = [threading.Thread(target=self._run, args=(number,)) for number in range(CLIENTS)]

    @property
    def asked(self) -> int:
        """How many requests were sent."""
        return self.answers.total() + self.failures.total()

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        for thread in self._threads:
            thread.join()

    def _run(self, number: int) -> None:
        link = http.client.HTTPConnection("127.0.0.1", self._port, timeout=10)
        due = time.monotonic() + self._pause * number / CLIENTS
        while not self._end.wait(max(0.0, due - time.monotonic())):
            begin = time.monotonic()
            try:
                word = self._kept(link) if self._alive else asking.get(self._port)
            except (OSError, http.client.HTTPException) as error:
                self.failures[type(error).__name__] += 1
            else:
                if word[:3].isdigit():
                    self.failures[word[:3]] += 1
                else:
                    self.answers[word] += 1
                    self.answered.append(time.perf_counter())
            self.slowest = max(self.slowest, time.monotonic() - begin)
            due = max(due + self._pause, time.monotonic() - 1)
        link.close()

    def _kept(self, link: http.client.HTTPConnection) -> str:
        used = link.sock is not None
        try:
            return _ask(link)
        except (ConnectionError, http.client.RemoteDisconnected):
            link.close()
            if not used:
                raise
            return _ask(link)  # closed while it was idle: every HTTP client sends a GET once more


def _ask(link: http.client.HTTPConnection) -> str:
    link.request("GET", "/")
    answer = link.getresponse()
    body = answer.read().decode()
    return body if answer.status == 200 else f"{answer.status} {body}"
