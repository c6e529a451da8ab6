"""A warm parent: a job that has loaded what its service needs, and forks instances of it.

It speaks JSON lines on its descriptor 3. First it says `{"ready": {...}}`, or `{"refused": why}` and ends. Asked
`{"op": "fork", ...}` with descriptors (SCM_RIGHTS: our socket for the new shim, then listening sockets) it forks a
process that becomes a subreaper, forks the program, and then executes `keeper` with the words SOCKET PID STDOUT
STDERR QUEUE BEGAN added: descriptor, pid, the read ends of the program's pipes, an epoll descriptor that has had both
with EPOLLONESHOT since before the fork, and when that was, in nanoseconds since the epoch. So every fork has a shim
of its own, which knows the order of what was printed before it could look, and outlives its parent. The answer bears
the request's `run`: `{"pid": ..., "shim": ...}`, or from whoever failed `{"failed": errno, "stage": ...}`, or
`{"cold": why}` when what it has loaded is not what a cold start would load.
"""

from __future__ import annotations

import array
import asyncio
import json
import socket
from collections.abc import Mapping, Sequence
from typing import Any

from hybrid_tasks.process.failures import why
from hybrid_tasks.process.job import Job
from hybrid_tasks.process.spec import JobSpec
from hybrid_tasks.process.template import keeper

ANSWER = 2.0
"""Seconds a warm parent has to fork; a cold start takes no longer."""


class Cold(Exception):
    """A warm parent did not fork, and why, in a few words."""


class WarmParent:
    """A running warm parent.

    Args:
        job: its job; the other end of `sock` is its descriptor 3.
        sock: our end, non-blocking.
        python: the interpreter of the shims.
    """

    def __init__(self, job: Job, sock: socket.socket, python: str) -> None:
        self.job = job
        self._sock = sock
        self._python = python
        self._pending = b""
        self._loop = asyncio.get_running_loop()
        self._ready: asyncio.Future[None] = self._loop.create_future()
        self._answer: asyncio.Future[Mapping[str, Any]] | None = None
        self._asking = asyncio.Lock()
        self._refusal: str | None = None
        self.told: Mapping[str, Any] = {}
        """What it says of itself; it says so anew when it has learned to leave something out."""
        self._loop.add_reader(sock.fileno(), self._hear)

    @property
    def refusal(self) -> str | None:
        """Why it will not fork, now or any more; None while it will."""
        return self._refusal

    async def ready(self) -> None:
        """Wait until it can fork.

        Raises:
            Cold: it refuses, or it has ended.
        """
        await asyncio.shield(self._ready)

    async def fork(self, run: str, spec: JobSpec, shim: socket.socket, marks: Mapping[str, str]) -> tuple[int, int]:
        """Have an instance forked.

        Args:
            run: its run id.
            spec: what it is; `command` as for a cold start.
            shim: the end of a socket pair that its shim gets.
            marks: variables laid over the environment.

        Returns:
            the pids of the program and of its shim.

        Raises:
            Cold: it did not.
            StartFailed: it could not, and neither could anybody else.
        """
        request = {
            "op": "fork",
            "run": run,
            "argv": list(spec.command.argv),
            "env": {**spec.env, **marks},
            "cwd": str(spec.command.cwd.absolute()),
            "listeners": len(spec.listeners),
            "names": spec.names,
            "check": [str(file) for file in spec.check],
            "keeper": keeper(self._python),
        }
        async with self._asking:
            if self._refusal is not None:
                raise Cold(self._refusal)
            self._answer = self._loop.create_future()
            try:
                async with asyncio.timeout(ANSWER):
                    await self._send(request, [shim.fileno(), *(listener.fileno() for listener in spec.listeners)])
                    answer = await self._forked(run)
            except TimeoutError:
                raise Cold(f"the warm parent did not answer within {ANSWER:.0f} s") from None
            except OSError:
                raise Cold("the warm parent has ended") from None
            finally:
                self._answer = None
        match answer:
            case {"pid": pid, "shim": keeping}:
                self.job.spare(keeping)
                return pid, keeping
            case {"failed": number, "stage": stage}:
                raise why(spec.command, spec.service, stage, number)
            case _:
                raise Cold(str(answer.get("cold") or "the warm parent could not be understood"))

    async def stop(self, grace: float | None = None) -> None:
        """End it; what it has forked lives on."""
        self.close()
        await self.job.stop(grace)

    def close(self) -> None:
        """Give our end of its descriptor up."""
        if self._sock.fileno() >= 0:
            self._loop.remove_reader(self._sock)
            self._sock.close()
        self._refuse("the warm parent has ended")

    async def _forked(self, run: str) -> Mapping[str, Any]:
        while True:
            assert self._answer is not None  # noqa: S101 - set by who asks
            answer = await self._answer
            if answer.get("run") in {run, None}:
                return answer
            self._answer = self._loop.create_future()  # of an earlier request that was given up

    async def _send(self, request: Mapping[str, Any], descriptors: Sequence[int]) -> None:
        data = json.dumps(request).encode() + b"\n"
        rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", descriptors))]
        sent = self._sock.sendmsg([data], rights)  # whoever asked before has been answered, so there is room
        if sent < len(data):
            await self._loop.sock_sendall(self._sock, memoryview(data)[sent:])

    def _hear(self) -> None:
        try:
            data = self._sock.recv(1 << 16)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            data = b""
        *lines, self._pending = (self._pending + data).split(b"\n")
        for line in lines:
            try:
                message = json.loads(line)
            except ValueError:
                message = None
            self._take(message if isinstance(message, dict) else {"refused": "the warm parent could not be understood"})
        if not data:
            self.close()

    def _take(self, message: Mapping[str, Any]) -> None:
        if "refused" in message:
            self._refuse(str(message["refused"]))
        elif "ready" in message:
            self.told = message["ready"]
            if not self._ready.done():
                self._ready.set_result(None)
        elif self._answer is not None and not self._answer.done():
            self._answer.set_result(message)

    def _refuse(self, reason: str) -> None:
        self._refusal = self._refusal or reason
        if not self._ready.done():
            self._ready.set_exception(Cold(self._refusal))
            self._ready.exception()  # looked at: nobody may be waiting
        if self._answer is not None and not self._answer.done():
            self._answer.set_result({"cold": self._refusal, "run": None})


def channel() -> tuple[socket.socket, socket.socket]:
    """Make the pair for a warm parent: our end, and the end that becomes its descriptor 3."""
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    return ours, theirs
