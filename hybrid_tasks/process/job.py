"""One job: a program under its shim, as the supervisor sees it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import time
from collections.abc import Awaitable, Mapping
from os import fsencode
from typing import Any

from hybrid_tasks.process.failures import StartFailed, why
from hybrid_tasks.process.identity import ProcessIdentity, boot_id, identify
from hybrid_tasks.process.spec import Exit, JobSpec
from hybrid_tasks.process.stopping import pin
from hybrid_tasks.process.tails import last_lines
from hybrid_tasks.process.wire import Stream, encode, send

UNRESPONSIVE = 8.0
"""Seconds after the grace when a shim that has not reported is itself killed."""


class Job:
    """A running program and everything that comes of it.

    Args:
        run: its run id, 12 hexadecimal digits.
        spec: what was asked for.
        sock: our end of the socket pair with its shim, non-blocking.
    """

    def __init__(self, run: str, spec: JobSpec, sock: socket.socket) -> None:
        self.run = run
        self.spec = spec
        self.pid = 0
        self.started = time.time()
        self.shim: ProcessIdentity | None = None
        """The process that looks after it; None until it has said so."""
        self.silent = asyncio.Event()
        """Set when its shim has closed the socket; without an exit that means it was killed."""
        self.log_trouble: str | None = None
        """Why its output cannot be written at the moment; None when all is well."""
        self.dropped = 0
        """Lines of its output that were lost so far because of that."""
        self._stem = f"{_stamp(self.started)}-{spec.role}-{run}"
        self.log = spec.log_dir / f"{self._stem}.log"
        self._sock = sock
        self._described = False  # until then no other message may be sent
        self._stream = Stream()
        self._delivered = asyncio.Event()
        self._running: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._ended = asyncio.Event()
        self._code: int | None = None
        self._over = asyncio.Event()
        self._exit: Exit | None = None
        asyncio.get_running_loop().add_reader(sock.fileno(), self._hear)

    @property
    def exit(self) -> Exit | None:
        """How it ended, or None while anything of it lives."""
        return self._exit

    @property
    def code(self) -> int | None:
        """The program's exit code, known at once when it ends, or None."""
        return self._code

    async def begin(self, marks: Mapping[str, str]) -> None:
        """Describe the job to its shim and wait until the program has been executed.

        Args:
            marks: variables laid over the environment.

        Raises:
            StartFailed: it cannot be executed.
            ConnectionError: there was no shim to do it; nothing has been started.
        """
        spec = self.spec
        request = {
            "argv": [fsencode(word) for word in spec.command.argv],
            "env": {fsencode(name): fsencode(value) for name, value in {**spec.env, **marks}.items()},
            "cwd": fsencode(spec.command.cwd.absolute()),
            "names": fsencode(spec.names),
            **self._looked_after(),
        }
        with contextlib.suppress(ConnectionError):  # what happened is read from the socket
            await send(self._sock, request, [listener.fileno() for listener in spec.listeners])
            self._described = True
        self.pid = await self._running

    async def begin_forked(self, forking: Awaitable[tuple[int, int]]) -> None:
        """Describe the job to its shim while somebody else forks both.

        Args:
            forking: gives the pids of the program and of its shim.

        Raises:
            ConnectionError: who should fork it is gone.
            Exception: what `forking` raises; nothing has been started then.
        """
        await send(self._sock, self._looked_after())
        self.pid, shim = await forking
        self._described = True
        self.shim = self.shim or identify(shim) or ProcessIdentity(boot_id(), shim, 0)
        if not self._running.done():
            self._running.set_result(self.pid)

    def spare(self, pid: int) -> None:
        """Have its shim leave a process and all below it alone.

        Args:
            pid: the shim of another job that this one's program has forked.
        """
        self._tell({"op": "spare", "pid": pid})

    def _looked_after(self) -> dict[str, Any]:
        """What its shim has to know, whoever starts the program."""
        spec = self.spec
        return {
            "stop": _number(spec.stop.signal),
            "grace": spec.stop.grace,
            "log_dir": fsencode(spec.log_dir.absolute()),
            "log_stem": fsencode(self._stem),
            "log_cap": spec.log_cap,
        }

    def abandon(self) -> None:
        """Have whatever was begun killed without waiting for it."""
        self._tell({"op": "stop", "grace": 0})

    async def wait(self) -> Exit:
        """Wait until nothing of it is left; any number may wait, and give up waiting."""
        await self._over.wait()
        assert self._exit is not None  # noqa: S101 -- for the type checker
        return self._exit

    async def wait_code(self) -> int:
        """Wait until the program itself has ended; what it left behind may still be ending."""
        await self._ended.wait()
        assert self._code is not None  # noqa: S101 -- for the type checker
        return self._code

    async def stop(self, grace: float | None = None) -> Exit:
        """Ask it to end, and kill whatever of it lives after the grace; once more may only be sooner.

        Args:
            grace: seconds, by default those of its `Stop`.
        """
        seconds = self.spec.stop.grace if grace is None else grace
        self._tell({"op": "stop", "grace": seconds})
        try:
            return await asyncio.wait_for(self.wait(), seconds + UNRESPONSIVE)
        except TimeoutError:
            self._kill_shim()
            return await self.wait()

    def signal(self, name: str) -> None:
        """Send the program (and only it) a signal.

        Args:
            name: without SIG, as `HUP`.
        """
        self._delivered.clear()
        self._tell({"op": "signal", "number": _number(name)})

    async def signalled(self) -> None:
        """Wait until the program has been sent the last signal, or has ended."""
        await self._delivered.wait()

    def tail(self, lines: int = 20) -> list[str]:
        """The last lines of its output.

        Args:
            lines: how many at most.
        """
        return last_lines(self.log, lines)

    def ended(self, code: int) -> None:
        """Take the program's end as known, once.

        Args:
            code: its exit code.
        """
        if self._code is None:
            self._code = code
            self._ended.set()
            self._delivered.set()

    def finish(self, result: Exit) -> None:
        """Take the end as known and tell everybody who waits.

        Args:
            result: how it ended.
        """
        if self._exit is None:
            self._exit = result
            self.ended(result.code)
            self._over.set()

    def _hear(self) -> None:
        try:
            data = self._sock.recv(1 << 16)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            data = b""
        for message in self._stream.feed(data):
            self._take(message)
        if not data:
            asyncio.get_running_loop().remove_reader(self._sock)
            self._sock.close()
            if not self._running.done():
                self._running.set_exception(
                    ConnectionResetError()
                    if self.shim is None
                    else StartFailed("its shim was killed", self.spec.service)
                )
                self._running.exception()  # looked at: whoever waited may have given up
            self.silent.set()

    def _take(self, message: dict[str, Any]) -> None:
        match message:
            case {"shim": pid}:
                self.shim = identify(pid)
            case {"started": pid}:
                if not self._running.done():
                    self._running.set_result(pid)
            case {"failed": number, "stage": stage}:
                self._fail(why(self.spec.command, self.spec.service, stage, number))
            case {"ended": code}:
                self.ended(code)
            case {"signalled": _}:
                self._delivered.set()
            case {"log": trouble}:
                self.log_trouble, self.dropped = trouble, message["dropped"]
            case {"exit": code}:
                survivors, self.dropped = tuple(message["survivors"]), message["dropped"]
                self.finish(Exit(code, message["leftovers"], message["killed"], survivors, message["dropped"]))

    def _fail(self, error: Exception) -> None:
        if not self._running.done():
            self._running.set_exception(error)
            self._running.exception()  # counts as looked at: whoever waited may have given up

    def _tell(self, message: dict[str, Any]) -> None:
        if self._sock.fileno() < 0:
            return
        with contextlib.suppress(OSError):
            if self._described:
                self._sock.send(encode(message))  # fits, unless the shim hangs; then `stop` ends it by force
            elif message["op"] == "stop":
                self._sock.shutdown(socket.SHUT_RDWR)

    def _kill_shim(self) -> None:
        handle = None if self.shim is None else pin(self.shim)
        if handle is not None:
            with contextlib.suppress(OSError):
                signal.pidfd_send_signal(handle, signal.SIGKILL)
            os.close(handle)


def _stamp(at: float) -> str:
    return time.strftime("%Y%m%dT%H%M%S", time.gmtime(at)) + f".{int(at % 1 * 1e6):06}"


def _number(name: str) -> int:
    return signal.Signals[f"SIG{name.removeprefix('SIG')}"].value
