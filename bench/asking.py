"""Clients on 127.0.0.1: one question, waiting for a first answer, and a watcher that sees which version answers."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterable
from typing import Self

REQUEST = b"GET / HTTP/1.1\r\nHost: bench\r\nConnection: close\r\n\r\n"
PAUSE = 0.001
"""Seconds between two questions of one client."""


def get(port: int, timeout: float = 10.0) -> str:
    """Ask a service on a connection of its own.

    Returns:
        the body; for a status other than 200 the status and the body.

    Raises:
        OSError: no answer.
    """
    with socket.create_connection(("127.0.0.1", port), timeout) as link:
        link.sendall(REQUEST)
        data = bytearray()
        while chunk := link.recv(65536):
            data += chunk
    head, _, body = bytes(data).partition(b"\r\n\r\n")
    if not head.startswith(b"HTTP/1.1 "):
        raise ConnectionResetError("the connection was closed without an answer")
    status = head[9:12].decode()
    return body.decode() if status == "200" else f"{status} {body.decode()}"


def until(condition: Callable[[], bool], limit: float = 60.0, pause: float = PAUSE) -> float:
    """Wait for something, and give the seconds it took.

    Raises:
        TimeoutError: it has not come in `limit` seconds.
    """
    begin = time.perf_counter()
    while not condition():
        if time.perf_counter() - begin > limit:
            raise TimeoutError(f"waited {limit:g} s in vain")
        time.sleep(pause)
    return time.perf_counter() - begin


def answers(port: int, timeout: float = 10.0) -> bool:
    """Whether a service answers now."""
    try:
        get(port, timeout)
    except OSError:
        return False
    return True


def all_answer(ports: Iterable[int], limit: float = 60.0) -> float:
    """Wait until every port has answered, and give the seconds it took."""
    waiting = list(ports)

    def done() -> bool:
        waiting[:] = [port for port in waiting if not answers(port)]
        return not waiting

    return until(done, limit)


class Watcher:
    """Asks a service all the time from one thread, and remembers when which word came last and first.

    Args:
        port: of the service.
    """

    def __init__(self, port: int) -> None:
        self.seen: list[tuple[float, str]] = []
        """When an answer was complete, and the word; "-" for no answer."""
        self._port = port
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._end.is_set():
            try:
                word = get(self._port)
            except OSError:
                word = "-"
            if len(self.seen) > 1 and self.seen[-1][1] == self.seen[-2][1] == word:
                self.seen[-1] = (time.perf_counter(), word)  # of a row of equal answers the first and the last count
            else:
                self.seen.append((time.perf_counter(), word))
            time.sleep(PAUSE)

    def live(self, word: str, since: float, limit: float, settle: float = 0.3) -> float | None:
        """Wait until a version answers, and no other any more.

        Args:
            word: what it says.
            since: when it was saved, by the performance counter.
            limit: seconds after which it is given up.
            settle: seconds in which no other answer may follow.

        Returns:
            the seconds from `since` to its first answer after the last one of another; None: it never came.
        """
        while time.perf_counter() - since < limit:
            first = None
            for at, said in self.seen.copy():
                if at > since:
                    first = None if said != word else (at if first is None else first)
            if first is not None and time.perf_counter() - first > settle:
                return first - since
            time.sleep(0.01)
        return None
