"""Asking once: where the question goes, and every kind of probe that is no HTTP."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from answering import GET, says, serving

from hybrid_tasks.health import connecting
from hybrid_tasks.health.asked import Asked
from hybrid_tasks.health.probes import ask
from hybrid_tasks.model.command import Command
from hybrid_tasks.model.probe import AliveProbe, ExecProbe, LogProbe, NotifyProbe, TcpProbe
from hybrid_tasks.model.verdict import Healthy, Unhealthy, Verdict


def test_nobody_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    assert asyncio.run(ask(GET, Asked(port=port))) == Unhealthy(f"nothing listens on port {port}")
    assert asyncio.run(ask(TcpProbe(), Asked(port=port))) == Unhealthy(f"nothing listens on port {port}")


def test_only_ipv6_listens() -> None:
    async def main() -> None:
        try:
            server = await asyncio.start_server(says(b"HTTP/1.1 200 OK\r\n\r\n"), "::1", 0)
        except OSError:
            pytest.skip("no IPv6 here")
        port = server.sockets[0].getsockname()[1]
        assert await ask(GET, Asked(port=port)) == Unhealthy(
            f"port {port} is open on [::1] only; let it listen on 127.0.0.1, or set host to `localhost`"
        )
        assert await ask(TcpProbe(), Asked(host="localhost", port=port)) == Healthy()
        assert await ask(TcpProbe(), Asked(host="::", port=port)) == Healthy()
        assert await ask(TcpProbe(), Asked(host="::1", port=port)) == Healthy()
        server.close()
        for _ in range(3):
            await asyncio.sleep(0)

    asyncio.run(main())


def test_a_connection_that_met_itself_is_nobody() -> None:
    """Asking a free port of the ephemeral range again and again does connect to itself one day."""
    with socket.socket() as both:
        both.bind(("127.0.0.1", 0))
        both.connect(both.getsockname())
        assert connecting.meets_itself(both)
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as one:
        assert not connecting.meets_itself(one)


def test_a_probe_carries_its_mark() -> None:
    async def main() -> None:
        peers = []

        async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            peers.append(writer.get_extra_info("peername")[0])
            await says(b"HTTP/1.1 200 OK\r\n\r\n")(reader, writer)

        async with serving(answer) as port:
            assert (
                await ask(GET, Asked(port=port, mark=lambda connection: connection.bind(("127.0.0.2", 0)))) == Healthy()
            )
            assert await ask(GET, Asked(port=port)) == Healthy()
        assert peers == ["127.0.0.2", "127.0.0.1"]

    asyncio.run(main())


def running(code: int, last: str = "") -> Callable[[Command, float], Awaitable[tuple[int, str]]]:
    async def run(command: Command, seconds: float) -> tuple[int, str]:
        assert command.argv == ("pg_isready",)
        assert seconds == 0.1
        return code, last

    return run


async def too_long(command: Command, seconds: float) -> tuple[int, str]:
    raise TimeoutError


def test_exec(tmp_path: Path) -> None:
    probe = ExecProbe(Command(("pg_isready",), tmp_path))

    def asked(**more: object) -> Verdict:
        return asyncio.run(ask(probe, Asked(timeout=0.1, **more)))  # type: ignore[arg-type]

    assert asked(run_exec=running(0)) == Healthy()
    assert asked(run_exec=running(2, "no response\n")) == Unhealthy("`pg_isready` ended with 2: no response")
    assert asked(run_exec=running(-9)) == Unhealthy("`pg_isready` ended with -9")
    assert asked(run_exec=too_long) == Unhealthy("`pg_isready` did not end within 0.1 s")
    assert isinstance(asked(), Unhealthy)


def test_log_line() -> None:
    lines = ["starting", "\x1b[32mready\x1b[0m on port 80"]
    probe = LogProbe(r"^ready on port \d+$")
    assert asyncio.run(ask(probe, Asked(lines=lambda: lines))) == Healthy()
    assert isinstance(asyncio.run(ask(probe, Asked(lines=lambda: lines[:1]))), Unhealthy)
    assert isinstance(asyncio.run(ask(probe, Asked())), Unhealthy)


def test_what_is_missing_is_an_answer_and_no_exception() -> None:
    assert asyncio.run(ask(GET, Asked())) == Unhealthy("it has no port to ask")
    assert isinstance(asyncio.run(ask(NotifyProbe(), Asked())), Unhealthy)
    assert asyncio.run(ask(AliveProbe(), Asked())) == Healthy()
