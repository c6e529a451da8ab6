"""A small debug client: the Debug Adapter Protocol over TCP, as an editor speaks it."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

Message = dict[str, Any]


class Refused(Exception):
    """The adapter said no."""


class Dap:
    """A connection to a debugger.

    Args:
        port: where it listens on 127.0.0.1.
        timeout: seconds for each answer.
    """

    def __init__(self, port: int, timeout: float = 60) -> None:
        self.heard: list[Message] = []
        self.file = ""
        self.thread = 0
        self._sock = socket.create_connection(("127.0.0.1", port), timeout=timeout)
        self._timeout = timeout
        self._read = 0
        self._number = 0
        self._pending = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Hang up, as an editor does that was killed."""
        self._sock.close()

    def send(self, command: str, **arguments: object) -> int:
        """Ask without waiting, and give the question's number."""
        self._number += 1
        message = {"seq": self._number, "type": "request", "command": command, "arguments": arguments}
        body = json.dumps(message).encode()
        self._sock.sendall(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        return self._number

    def answer(self, number: int) -> Message:
        """Wait for the answer to a question."""
        told = self.hear(lambda one: one["type"] == "response" and one["request_seq"] == number)
        if not told["success"]:
            raise Refused(told.get("message") or json.dumps(told.get("body")))
        return dict(told.get("body") or {})

    def ask(self, command: str, **arguments: object) -> Message:
        """Ask and wait for the answer."""
        return self.answer(self.send(command, **arguments))

    def event(self, name: str) -> Message:
        """Wait for the next event of this name that was not given yet."""
        told = self.hear(lambda one: one["type"] == "event" and one["event"] == name)
        return dict(told.get("body") or {})

    def hear(self, wanted: Callable[[Message], bool]) -> Message:
        """Wait for a message; what comes before it stays to be asked for."""
        deadline = time.monotonic() + self._timeout
        at = 0
        while True:
            while at < len(self.heard):
                if wanted(self.heard[at]):
                    return self.heard.pop(at)
                at += 1
            assert time.monotonic() < deadline, f"heard only {self.heard}"
            self._more()

    def _more(self) -> None:
        while True:
            head, end, rest = self._pending.partition(b"\r\n\r\n")
            if end:
                fields = dict(line.split(b":", 1) for line in head.split(b"\r\n"))
                size = int(fields[b"Content-Length"])
                if len(rest) >= size:
                    self._pending = rest[size:]
                    self.heard.append(json.loads(rest[:size]))
                    return
            data = self._sock.recv(1 << 16)
            assert data, f"the debugger hung up; heard {self.heard}"
            self._pending += data


def attached(port: int, file: Path, line: int | None, timeout: float = 60, /, **arguments: object) -> Dap:
    """Attach as an editor does, with one breakpoint (or none), and let the program run on."""
    client = Dap(port, timeout)
    client.file = str(file)
    client.ask("initialize", adapterID="test", linesStartAt1=True, columnsStartAt1=True, pathFormat="path")
    attaching = client.send("attach", **arguments)
    client.event("initialized")
    wanted = [] if line is None else [{"line": line}]
    told = client.ask("setBreakpoints", source={"path": str(file)}, breakpoints=wanted)
    assert all(one["verified"] or one.get("id") is not None for one in told["breakpoints"]), told
    assert len(told["breakpoints"]) == len(wanted)
    client.ask("setExceptionBreakpoints", filters=[])
    client.ask("configurationDone")
    client.answer(attaching)
    return client


def stopped_at(client: Dap) -> tuple[str, int]:
    """Wait until a breakpoint is hit, and give its file and line."""
    while (stop := client.event("stopped")).get("reason") != "breakpoint":
        pass
    client.thread = stop["threadId"]
    frame = client.ask("stackTrace", threadId=client.thread, levels=1)["stackFrames"][0]
    return frame["source"]["path"], frame["line"]
