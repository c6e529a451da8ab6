"""The template process, from which every shim is forked: started when needed, replaced when it is gone."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import subprocess
from pathlib import Path

from hybrid_tasks.process.wire import send

SHIM = Path(__file__).parent.parent / "shim"
PATIENCE = 5.0  # seconds a template gets to notice that we are gone


class Template:
    """A running template.

    Args:
        process: the process.
        requests: our end of the socket pair on which we ask it to fork.
    """

    def __init__(self, process: subprocess.Popen[bytes], requests: socket.socket) -> None:
        self._process = process
        self._requests = requests
        self._sending = asyncio.Lock()
        self._reaping: asyncio.Future[int] | None = None
        self.pid = process.pid
        self.alive = True
        """False as soon as it has ended."""
        asyncio.get_running_loop().add_reader(requests, self.give_up)

    @classmethod
    async def start(cls, python: str) -> Template:
        """Start a template.

        Args:
            python: the interpreter it runs on.

        Returns:
            the template; a request sent before it is ready waits in its socket.

        Raises:
            OSError: the interpreter cannot be started.
        """
        ours, theirs = socket.socketpair()
        with theirs:
            ours.setblocking(False)
            try:
                process = await asyncio.to_thread(_popen, python, theirs.fileno())
            except OSError:
                ours.close()
                raise
        return cls(process, ours)

    async def fork(self) -> socket.socket:
        """Ask for a new shim.

        Returns:
            our end of the socket pair with it, non-blocking. Its end without a message means that the
            template died before it forked.

        Raises:
            OSError: the template is gone, or we are out of descriptors.
        """
        ours, theirs = socket.socketpair()
        with theirs:
            ours.setblocking(False)
            try:
                async with self._sending:
                    await send(self._requests, {"op": "fork"}, [theirs.fileno()])
            except BaseException as error:
                ours.close()
                if isinstance(error, OSError) and not self.alive:
                    raise ConnectionResetError from error
                raise
        return ours

    async def close(self) -> None:
        """End it; running jobs keep their shims."""
        self._forget()
        if self._reaping is not None:
            await self._reaping
        with contextlib.suppress(subprocess.TimeoutExpired):
            await asyncio.to_thread(self._process.wait, PATIENCE)
        if self._process.poll() is None:
            self._process.kill()
            await asyncio.to_thread(self._process.wait)

    def give_up(self) -> None:
        """Take it as dead: it never says anything, so being readable is its end; so is not being writable."""
        if self.alive:
            self._forget()
            self._reaping = asyncio.get_running_loop().run_in_executor(None, self._process.wait)

    def _forget(self) -> None:
        if self._requests.fileno() >= 0:
            asyncio.get_running_loop().remove_reader(self._requests)
            self._requests.close()
        self.alive = False


def _popen(python: str, descriptor: int) -> subprocess.Popen[bytes]:
    # Of our environment only what the interpreter itself may need to be loaded, and all of it loaded at once: what
    # is bound at its first use, every shim and program would bind for itself. In a session of its own, because a
    # terminal's Ctrl+C or hang-up is the supervisor's to understand. stderr stays ours for tracebacks.
    return subprocess.Popen(
        [*_argv(python), str(descriptor)],
        env={"LD_BIND_NOW": "1", **_loading()},
        cwd="/",
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        pass_fds=[descriptor],
        start_new_session=True,
    )


def keeper(python: str) -> dict[str, object]:
    """Say what the parent of a forked program executes to become its shim.

    Args:
        python: the interpreter it runs on.
    """
    return {"argv": [*_argv(python), "adopt"], "env": _loading()}


def _argv(python: str) -> list[str]:
    return [python, "-I", "-S", "-B", str(SHIM)]


def _loading() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name.startswith(("LD_", "DYLD_"))}
