"""Asking once: every way a port can answer, over real sockets."""

from __future__ import annotations

import asyncio
import contextlib
import re
import socket
import ssl
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from hybrid_tasks.health import connecting, http
from hybrid_tasks.health.asked import Asked
from hybrid_tasks.health.probes import ask
from hybrid_tasks.model.command import Command
from hybrid_tasks.model.probe import AliveProbe, ExecProbe, HttpProbe, LogProbe, NotifyProbe, Probe, TcpProbe
from hybrid_tasks.model.verdict import Healthy, Unhealthy, Verdict

Answer = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
GET = HttpProbe("/healthz")


@contextlib.asynccontextmanager
async def serving(answer: Answer, host: str = "127.0.0.1", tls: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    busy = 0

    async def meet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal busy
        busy += 1
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            await answer(reader, writer)
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()
        busy -= 1

    server = await asyncio.start_server(meet, host, 0, ssl=tls)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        while busy:  # noqa: ASYNC110 - the test has its own deadline
            await asyncio.sleep(0.001)


def says(*parts: bytes, then: Awaitable[None] | None = None) -> Answer:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        for part in parts:
            writer.write(part)
            await writer.drain()

    return answer


async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read()


def asking(answer: Answer, probe: Probe = GET, **more: object) -> Verdict:
    async def main() -> Verdict:
        async with asyncio.timeout(30), serving(answer) as port:
            return await ask(probe, Asked(port=port, **{"timeout": 10.0, **more}))  # type: ignore[arg-type]

    return asyncio.run(main())


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
        b"HTTP/1.0 200 OK\r\n\r\nok",
        b"HTTP/1.1 200\r\n\r\n",
        b"HTTP/1.1 200 OK\nContent-Length: 0\n\n",
        b"HTTP/1.1 204 No Content\r\n\r\n",
        b"HTTP/1.1 304 Not Modified\r\n\r\n",
        b"HTTP/1.1 399 Odd\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
        b"HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\nshort",  # the status decides, whatever the body is
        b"HTTP/1.1 200 OK\r\nContent-Length: nonsense\r\n\r\n\x00\xff",
    ],
)
def test_an_answer_from_200_to_399_is_healthy(answer: bytes) -> None:
    assert asking(says(answer)) == Healthy()
    assert asking(says(*(answer[i : i + 1] for i in range(len(answer))))) == Healthy()


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (b"HTTP/1.1 500 Oops\r\n\r\n", "GET /healthz answered 500"),
        (b"HTTP/1.1 404 Not Found\r\nContent-Length: 3\r\n\r\nno!", "GET /healthz answered 404"),
        (b"HTTP/1.1 101 Switching Protocols\r\n\r\n", "GET /healthz answered 101"),
        (b"HTTP/1.1 199 Odd\r\n\r\n", "GET /healthz: it closed the connection without an answer"),
        (b"", "GET /healthz: it closed the connection without an answer"),
        (b"HTTP/1.1 20", "GET /healthz: the answer broke off in the middle"),
        (b"HTTP/1.1 200 OK\r\nX: y\r\n", "GET /healthz: the answer broke off in the middle"),
        (b"HTTP/1.1 2000 OK\r\n\r\n", "GET /healthz: the status line is not HTTP/1"),
        (b"HTTP/1.1 OK\r\n\r\n", "GET /healthz: the status line is not HTTP/1"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", "GET /healthz: it answered with something that is not HTTP"),
        (b"\x00\xff\xfe garbage", "GET /healthz: it answered with something that is not HTTP"),
        (b"HTTP/2 200\r\n\r\n", "GET /healthz: it answered with something that is not HTTP"),
        (b"\x15\x03\x01\x00\x02\x02\x0a", "GET /healthz: it speaks TLS, not plain HTTP"),
        (b"HTTP/1.1 200 OK\r\nX: " + b"y" * 70_000, "GET /healthz: the head of the answer is longer than 64 KB"),
    ],
)
def test_any_other_answer_is_not(answer: bytes, reason: str) -> None:
    verdict = asking(says(answer))
    assert isinstance(verdict, Unhealthy)
    assert re.fullmatch(reason, verdict.reason), verdict.reason


def test_redirects_are_healthy_and_not_followed() -> None:
    asked = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 302 Found\r\nLocation: /healthz\r\nContent-Length: 0\r\n\r\n")
        await reader.read()  # the loop would come back on this connection, or on another

    assert asking(answer) == Healthy()
    assert len(asked) == 1


def test_the_question_is_plain_and_leaves_the_closing_to_us() -> None:
    asked = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        asked.append(await reader.read())  # b"": closed in order, no reset

    assert asking(answer, HttpProbe("/h ealth\r\nX: y?a=1&b=ü")) == Healthy()
    lines = asked[0].split(b"\r\n")
    assert lines[0] == b"GET /h%20ealth%0D%0AX:%20y?a=1&b=%C3%BC HTTP/1.1"
    assert re.fullmatch(rb"Host: 127\.0\.0\.1:\d+", lines[1])
    assert b"onnection: close" not in asked[0]
    assert asked[1] == b""


def test_a_huge_body_is_not_read_to_its_end() -> None:
    written = 0

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal written
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n")
        while written < 1_000_000_000:
            writer.write(b"x" * 65536)
            await writer.drain()
            written += 65536

    assert asking(answer) == Healthy()
    assert written < 100_000_000


def test_a_body_that_never_ends_does_not_hold_the_probe() -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n")
        await reader.read()

    assert asking(answer) == Healthy()


def test_a_server_that_never_answers_fails_at_the_deadline() -> None:
    assert asking(silent, timeout=0.1) == Unhealthy("GET /healthz: no answer within 0.1 s")


def test_a_server_that_drips_is_not_given_more_time_for_each_byte() -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        for byte in b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 1000:
            writer.write(bytes([byte]))
            await writer.drain()
            await asyncio.sleep(0.02)

    assert asking(answer, timeout=0.3) == Unhealthy("GET /healthz: no answer within 0.3 s")


def test_a_reset_is_told_as_such() -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        sock = writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        writer.transport.abort()

    assert asking(answer) == Unhealthy("GET /healthz: the connection was reset before the answer was complete")


def test_a_tls_port_is_recognised(tmp_path: Path) -> None:
    pem = tmp_path / "both.pem"
    words = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 1 -subj /CN=localhost"
    made = subprocess.run([*words.split(), "-keyout", tmp_path / "key.pem", "-out", pem], capture_output=True)
    if made.returncode:
        pytest.skip("openssl is not here")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem, tmp_path / "key.pem")

    async def main() -> Verdict:
        asyncio.get_running_loop().set_exception_handler(lambda *_: None)  # its failed handshake
        async with asyncio.timeout(30), serving(silent, tls=context) as port:
            return await ask(GET, Asked(port=port))

    verdict = asyncio.run(main())
    assert isinstance(verdict, Unhealthy)
    assert re.search("TLS|without an answer|reset", verdict.reason)


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


def test_the_source_address_is_used() -> None:
    async def main() -> None:
        peers = []

        async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            peers.append(writer.get_extra_info("peername")[0])
            await says(b"HTTP/1.1 200 OK\r\n\r\n")(reader, writer)

        async with serving(answer) as port:
            assert await ask(GET, Asked(port=port, source="127.0.0.2")) == Healthy()
            assert await ask(GET, Asked(port=port)) == Healthy()
        assert peers == ["127.0.0.2", "127.0.0.1"]

    asyncio.run(main())


class Told:
    """An ownership that is told what to say, once for each time it is asked; the last word stays."""

    def __init__(self, *answers: bool | None, name: str = "`node` (pid 4121)") -> None:
        self.answers = list(answers)
        self.name = name
        self.asked = 0

    def belongs(self, connection: socket.socket) -> bool | None:
        assert connection.getpeername()
        self.asked += 1
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]

    def stranger(self, connection: socket.socket) -> str:
        return self.name


@pytest.mark.parametrize("probe", [GET, TcpProbe()])
@pytest.mark.parametrize(("name", "words"), [("`node` (pid 4121)", "`node` (pid 4121)"), ("", "another process")])
def test_a_stranger_that_answers_is_not_accepted(probe: Probe, name: str, words: str) -> None:
    told = Told(None, False, name=name)
    verdict = asking(says(b"HTTP/1.1 200 OK\r\n\r\n"), probe, ownership=told)
    assert isinstance(verdict, Unhealthy)
    assert re.fullmatch(rf"port \d+ is answered by {re.escape(words)}, not by this service", verdict.reason)


def test_a_stranger_that_is_seen_only_after_its_answer_is_not_accepted() -> None:
    told = Told(*[None] * 6, False)  # the last look comes after the answer
    verdict = asking(says(b"HTTP/1.1 200 OK\r\n\r\n"), ownership=told)
    assert isinstance(verdict, Unhealthy)
    assert "not by this service" in verdict.reason


def test_an_answer_that_nobody_can_be_held_to_is_not_accepted_and_asked_for_twice() -> None:
    asked = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(1)
        await says(b"HTTP/1.1 200 OK\r\n\r\n")(reader, writer)

    verdict = asking(answer, ownership=Told(None))
    assert isinstance(verdict, Unhealthy)
    assert verdict.reason.startswith("it cannot be told which process answers on port")
    assert len(asked) == 2


def test_an_answer_that_came_too_fast_is_proved_the_second_time() -> None:
    assert asking(says(b"HTTP/1.1 200 OK\r\n\r\n"), ownership=Told(*[None] * 7, True)) == Healthy()


def test_a_failing_look_at_processes_is_no_crash() -> None:
    class Gone(Told):
        def belongs(self, connection: socket.socket) -> bool | None:
            if super().belongs(connection) is None:
                raise ProcessLookupError
            return True

    assert asking(says(b"HTTP/1.1 200 OK\r\n\r\n"), ownership=Gone(None, True)) == Healthy()


def test_a_question_waits_in_the_queue_of_an_instance_that_starts() -> None:
    """An inherited socket takes connections before the program does: one question is enough, and it is not late."""

    async def main() -> None:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            listener.setblocking(False)
            started = asyncio.Event()

            class Starting(Told):
                def belongs(self, connection: socket.socket) -> bool | None:
                    return True if started.is_set() else None

            at = Asked(port=listener.getsockname()[1], ownership=Starting(None), timeout=0.1, patience=20)
            asking = asyncio.ensure_future(ask(GET, at))
            done, _ = await asyncio.wait({asking}, timeout=0.5)
            assert not done  # five timeouts long
            connection, _ = await asyncio.get_running_loop().sock_accept(listener)
            with connection:
                started.set()
                assert (await asyncio.get_running_loop().sock_recv(connection, 1000)).startswith(b"GET /healthz ")
                await asyncio.get_running_loop().sock_sendall(connection, b"HTTP/1.1 200 OK\r\n\r\n")
                assert await asking == Healthy()

    asyncio.run(main())


def test_once_accepted_the_question_has_its_ordinary_deadline() -> None:
    verdict = asking(silent, ownership=Told(*[None] * 8, True), timeout=0.1, patience=25)
    assert verdict == Unhealthy("GET /healthz: no answer within 0.1 s")


def test_a_connection_nobody_accepts_is_not_a_healthy_tcp_port() -> None:
    verdict = asking(silent, TcpProbe(), ownership=Told(None), timeout=0.1)
    assert isinstance(verdict, Unhealthy)
    assert verdict.reason.endswith("was not accepted within 0.1 s")
    assert asking(silent, TcpProbe(), ownership=Told(None, None, True)) == Healthy()
    assert asking(silent, TcpProbe()) == Healthy()


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


def test_the_host_header_of_ipv6_is_bracketed() -> None:
    assert b"\r\nHost: [::1]:80\r\n" in http.request("x", "::1", 80)
    assert http.request("x", "h", 80).startswith(b"GET /x ")
