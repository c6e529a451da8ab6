"""What a port may answer to an HTTP question, byte by byte, and what is made of it."""

from __future__ import annotations

import asyncio
import re
import socket
import ssl
import subprocess
from pathlib import Path

import pytest
from answering import GET, asking, says, serving, silent

from hybrid_tasks.health import http
from hybrid_tasks.health.asked import Asked
from hybrid_tasks.health.probes import ask
from hybrid_tasks.model.probe import HttpProbe
from hybrid_tasks.model.verdict import Healthy, Unhealthy, Verdict


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


def test_the_host_header_of_ipv6_is_bracketed() -> None:
    assert b"\r\nHost: [::1]:80\r\n" in http.request("x", "::1", 80)
    assert http.request("x", "h", 80).startswith(b"GET /x ")
