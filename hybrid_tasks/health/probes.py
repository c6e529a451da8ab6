"""Asking an instance once whether it is well."""

from __future__ import annotations

import asyncio
import re
import socket
from typing import assert_never

from hybrid_tasks.health import http
from hybrid_tasks.health.asked import Asked, Unwell
from hybrid_tasks.health.connecting import accepted, connect, in_time
from hybrid_tasks.model.command import Command
from hybrid_tasks.model.probe import AliveProbe, ExecProbe, HttpProbe, LogProbe, NotifyProbe, Probe, TcpProbe
from hybrid_tasks.model.verdict import Healthy, Unhealthy, Verdict

_BEFORE_ASKING = 0.02  # seconds; some servers accept only once the request is there
_AGAIN = 0.25  # seconds, when the first answer came and went too fast to see whose it was
_RUNNER_GRACE = 1.0  # seconds a runner has to end a command that took too long
_COLOURS = re.compile(r"\x1b\[[0-9;:?]*[ -/]*[@-~]")
_WELL = range(200, 400)
_HOST_HEADERS = {"0.0.0.0": "localhost", "::": "localhost", "": "localhost"}  # noqa: S104


async def ask(probe: Probe, at: Asked) -> Verdict:
    """Ask once, with a deadline.

    Args:
        probe: the question.
        at: the instance.

    Returns:
        Healthy, or Unhealthy with the reason; never an exception.
    """
    try:
        match probe:
            case HttpProbe(path):
                await _http(path, at)
            case TcpProbe():
                await _tcp(at)
            case ExecProbe(command):
                await _exec(command, at)
            case LogProbe(pattern):
                _log(pattern, at)
            case NotifyProbe():
                await _notify(at)
            case AliveProbe():
                pass  # it is asked about only while it lives
            case _:
                assert_never(probe)
    except Unwell as reason:
        return Unhealthy(str(reason))
    except OSError as problem:
        return Unhealthy(problem.strerror or str(problem))
    return Healthy()


async def _http(path: str, at: Asked) -> None:
    for before_asking in (_BEFORE_ASKING, _AGAIN):
        if await _http_proved(path, at, before_asking):
            return
    raise Unwell(f"it cannot be told which process answers on port {at.port}")


async def _http_proved(path: str, at: Asked, before_asking: float) -> bool:
    """Ask; False when the answer was good but the one who gave it had hung up before we saw who it was."""
    loop = asyncio.get_running_loop()
    begun = loop.time()
    connection = await connect(at)
    try:
        proved = await accepted(connection, at, min(before_asking, at.timeout))
        if at.noted is not None:
            at.noted(connection.getsockname()[:2], path)
        await loop.sock_sendall(connection, http.request(path, _HOST_HEADERS.get(at.host, at.host), at.port or 0))
        status, answer = await _answer(path, connection, at, begun, proved)
        proved = proved or await accepted(connection, at, 0)
        await http.drain(connection, answer)
    finally:
        connection.close()
    if status not in _WELL:
        raise Unwell(f"GET {path} answered {status}")
    return proved


async def _answer(path: str, connection: socket.socket, at: Asked, begun: float, proved: bool) -> tuple[int, bytes]:
    """Wait for the answer; while nobody has accepted, the question waits in the queue of an instance that starts."""
    loop = asyncio.get_running_loop()
    deadline = begun + at.timeout
    late = f"GET {path}: no answer within {at.timeout:g} s"
    if proved:
        return await in_time(deadline, _read(path, connection), late)
    reading = asyncio.ensure_future(_read(path, connection))
    try:
        while not (await asyncio.wait({reading}, timeout=max(0.0, deadline - loop.time())))[0]:
            if proved or loop.time() >= begun + at.patience:
                raise Unwell(late)
            proved = await accepted(connection, at, 0)
            deadline = loop.time() + at.timeout
        return reading.result()
    finally:
        if not reading.done():
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)


async def _read(path: str, connection: socket.socket) -> tuple[int, bytes]:
    try:
        return await http.read_status(connection)
    except Unwell as reason:
        raise Unwell(f"GET {path}: {reason}") from reason


async def _tcp(at: Asked) -> None:
    connection = await connect(at)
    try:
        if not await accepted(connection, at, max(at.timeout, at.patience)):
            raise Unwell(f"the connection to port {at.port} was not accepted within {at.timeout:g} s")
    finally:
        connection.close()


async def _exec(command: Command, at: Asked) -> None:
    if at.run_exec is None:
        raise Unwell("commands cannot be run here")
    program = command.argv[0]
    late = f"`{program}` did not end within {at.timeout:g} s"
    until = asyncio.get_running_loop().time() + at.timeout + _RUNNER_GRACE
    code, last = await in_time(until, at.run_exec(command, at.timeout), late)
    if code != 0:
        raise Unwell(f"`{program}` ended with {code}" + (f": {last.strip()}" if last.strip() else ""))


def _log(pattern: str, at: Asked) -> None:
    wanted = re.compile(pattern)
    lines = at.lines() if at.lines is not None else ()
    if not any(wanted.search(_COLOURS.sub("", line)) for line in lines):
        raise Unwell(f"no line of its output matches `{pattern}` yet")


async def _notify(at: Asked) -> None:
    if at.ready is None:
        raise Unwell("it was started without NOTIFY_SOCKET")
    try:
        async with asyncio.timeout(max(at.timeout, at.patience)):
            await at.ready.wait()
    except TimeoutError:
        raise Unwell(at.ready.why()) from None
