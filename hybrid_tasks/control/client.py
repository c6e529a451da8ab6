"""The command's side of the wire: connect, ask once, hear events, get the result. Standard library only."""

from __future__ import annotations

import contextlib
import os
import socket
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from hybrid_tasks.control import codec, messages, paths
from hybrid_tasks.control.messages import Request
from hybrid_tasks.control.peer import own_uid, peer_pid, peer_uid
from hybrid_tasks.errors import Code, HybridError, NotRunning, StoppedMeanwhile, from_json

if TYPE_CHECKING:
    from hybrid_tasks.control.gate import Stops
    from hybrid_tasks.model.events import Event

OnEvent = Callable[["Event"], None]
OnTick = Callable[[], None]
TICK = 0.1
CONNECT_SECONDS = 5.0


class Connection:
    """One connected socket that carries one request.

    Args:
        link: connected, its peer checked.
    """

    def __init__(self, link: socket.socket) -> None:
        self._link = link
        self._buffer = bytearray()
        self.heard = False
        """Whether an event has come: what was asked for has begun."""
        self.stops: Stops | None = None
        """Whether everything was asked to stop since the command began; None when it starts nothing."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Hang up; for an attached request this is the wish to stop."""
        self._link.close()

    def hung_up(self) -> bool:
        """Whether the supervisor has ended the connection; never waits."""
        self._link.setblocking(False)
        try:
            return not self._link.recv(65536)
        except BlockingIOError:
            return False
        except ConnectionError:
            return True

    def cancel(self) -> None:
        """Have undone what was asked for and has begun; again: without grace. The answer still comes."""
        with contextlib.suppress(OSError):
            self._link.send(messages.CANCEL)

    def ask(
        self,
        request: Request,
        *,
        on_event: OnEvent | None = None,
        on_tick: OnTick | None = None,
        timeout: float | None = None,
    ) -> tuple[object, int]:
        """Send a request and wait for its last frame.

        Args:
            request: what to ask.
            on_event: called with every event.
            on_tick: called at least every tenth of a second meanwhile.
            timeout: seconds for the whole answer; None waits as long as the supervisor lives.

        Returns:
            the result and the exit code.

        Raises:
            HybridError: what the supervisor answered, or that it did not.
        """
        try:
            return self._asked(request, on_event, on_tick, timeout)
        except HybridError as error:
            if error.code == Code.UNREACHABLE and self.stops is not None and self.stops.came():
                raise StoppedMeanwhile from None
            raise

    def _asked(
        self, request: Request, on_event: OnEvent | None, on_tick: OnTick | None, timeout: float | None
    ) -> tuple[object, int]:
        frame = codec.encode(request.as_json())
        if len(frame) > codec.REQUEST_LIMIT:
            raise HybridError(
                f"the request is {len(frame)} bytes long, above the limit of {codec.REQUEST_LIMIT}",
                "make the environment or the arguments smaller",
            )
        deadline = None if timeout is None else time.monotonic() + timeout
        try:
            self._link.settimeout(CONNECT_SECONDS)
            self._link.sendall(frame)
        except OSError as error:
            raise _lost(error) from None
        while "event" in (message := self._receive(deadline, on_tick)):
            self.heard = True
            if on_event is not None:
                on_event(messages.read_event(message["event"]))
        return final(message)

    def _receive(self, deadline: float | None, on_tick: OnTick | None) -> dict[str, object]:
        searched = 0
        while (end := self._buffer.find(b"\n", searched)) < 0:
            searched = len(self._buffer)
            if searched > codec.REPLY_LIMIT:
                raise NotRunning("the supervisor's answer is too long to be one", "`inv dev-stop` ends it")
            if not self._more(deadline, on_tick):
                raise NotRunning("the supervisor ended before it answered", "see `inv dev-status`")
        frame = bytes(self._buffer[: end + 1])
        del self._buffer[: end + 1]
        try:
            return codec.decode(frame, codec.REPLY_LIMIT)
        except HybridError as error:
            raise NotRunning(f"the supervisor does not make sense: {error}", "`inv dev-stop` ends it") from None

    def _more(self, deadline: float | None, on_tick: OnTick | None) -> bool:
        """Read once; False at the end of the connection."""
        while True:
            left = None if deadline is None else deadline - time.monotonic()
            if left is not None and left <= 0:
                raise _silent(self._link)
            slices = [step for step in (left, TICK if on_tick is not None else None) if step is not None]
            self._link.settimeout(min(slices) if slices else None)
            try:
                data = self._link.recv(65536)
            except TimeoutError:
                data = None
            except OSError as error:
                raise _lost(error) from None
            if on_tick is not None:
                on_tick()
            if data is not None:
                self._buffer += data
                return bool(data)


def final(message: Mapping[str, object]) -> tuple[object, int]:
    """Read the last frame of an answer.

    Args:
        message: the decoded frame.

    Returns:
        the result and the exit code.

    Raises:
        HybridError: it is a mistake, or of another version.
    """
    version = message.get("v")
    if version != messages.VERSION:
        raise messages.wrong_version(theirs=version, ours=messages.VERSION)
    error = message.get("error")
    if isinstance(error, dict):
        raise from_json(error)
    code = message.get("code", 0)
    return message.get("result"), code if isinstance(code, int) else 0


def _lost(error: OSError) -> NotRunning:
    return NotRunning(f"lost the supervisor: {error.strerror or error}", "see `inv dev-status`")


def _silent(link: socket.socket) -> NotRunning:
    pid = peer_pid(link)
    if pid is None:
        return NotRunning("the supervisor does not answer")
    cure = f"end it and all that it runs: kill -9 {pid}; then `inv dev-start`"
    return NotRunning(f"the supervisor (pid {pid}) does not answer", cure)


def reach(root: Path, environ: Mapping[str, str] = os.environ) -> Connection | None:
    """Connect to the supervisor of a project.

    Args:
        root: the project's directory.
        environ: of this process.

    Returns:
        a connection, or None when no supervisor runs.

    Raises:
        HybridError: something is there that is not our supervisor, or it is stuck.
    """
    path = paths.known_socket(root, environ)
    if len(os.fsencode(path)) > paths.LONGEST_SOCKET:
        return None  # nobody listens there: whoever meant to was killed before it chose a shorter path
    link = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        link.settimeout(CONNECT_SECONDS)
        link.connect(os.fspath(path))
        uid = peer_uid(link)
    except (FileNotFoundError, ConnectionError, NotADirectoryError):
        link.close()
        return None
    except OSError as error:
        link.close()
        if isinstance(error, (TimeoutError, BlockingIOError)):
            raise NotRunning("the supervisor does not accept connections", "see `inv dev-doctor`") from None
        raise NotRunning(f"cannot reach the supervisor at `{path}`: {error.strerror or error}") from None
    except BaseException:
        link.close()
        raise
    if uid != own_uid():
        link.close()
        raise NotRunning(f"`{path}` is answered by user {uid}, not by us", f"remove it: rm {path}")
    return Connection(link)


def call(
    root: Path,
    op: str,
    args: Mapping[str, object],
    *,
    start: bool = False,
    on_event: OnEvent | None = None,
    on_tick: OnTick | None = None,
    timeout: float | None = None,
    environ: Mapping[str, str] = os.environ,
) -> tuple[object, int]:
    """Ask the supervisor of a project.

    Args:
        root: the project's directory.
        op: one of `messages.OPERATIONS`.
        args: its arguments.
        start: start a supervisor when none runs.
        on_event: called with every event.
        on_tick: called at least every tenth of a second meanwhile.
        timeout: seconds for the whole answer; None: no limit.
        environ: of this process.

    Returns:
        the result and the exit code.

    Raises:
        NotRunning: no supervisor runs and `start` is False.
        HybridError: what the supervisor answered.
    """
    with connect(root, start=start, environ=environ) as connection:
        request = messages.ask(op, args, environ)
        return connection.ask(request, on_event=on_event, on_tick=on_tick, timeout=timeout)


def connect(root: Path, *, start: bool, environ: Mapping[str, str] = os.environ) -> Connection:
    """Connect to the supervisor, starting it when asked to.

    Args:
        root: the project's directory.
        start: start a supervisor when none runs.
        environ: of this process.

    Returns:
        the connection; the caller closes it.

    Raises:
        NotRunning: no supervisor runs and `start` is False.
        HybridError: it could not be started, or was stopped meanwhile.
    """
    stops = None
    if start:
        from hybrid_tasks.control.gate import Stops

        stops = Stops(root, environ)
    connection = reach(root, environ)
    if connection is None and not start:
        from hybrid_tasks.control.earlier import nothing_runs

        raise nothing_runs(root, environ)
    if connection is None:
        from hybrid_tasks.control.spawn import ensure

        connection = ensure(root, environ, stops=stops)
    connection.stops = stops
    return connection
