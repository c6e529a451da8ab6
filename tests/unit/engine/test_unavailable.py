"""What a client is told when nothing served in time."""

from __future__ import annotations

import pytest
from held import play, scene

from hybrid_tasks.engine.unavailable import Notice


def test_after_the_wait_a_request_is_answered_503_as_text() -> None:
    async def body() -> None:
        async with scene() as here:
            here.holder.notice = Notice("web did not build", "main.go:3: undefined: foo <T>")
            reader, writer = await here.client()
            writer.write(b"GET /x HTTP/1.1\r\nHost: a\r\n")
            await here.held(1)
            writer.write(b"Accept: */*\r\n\r\n")
            head, _, text = (await reader.read()).partition(b"\r\n\r\n")
            lines = head.split(b"\r\n")
            assert lines[0] == b"HTTP/1.1 503 Service Unavailable"
            assert {b"Retry-After: 1", b"Connection: close", b"Content-Type: text/plain; charset=utf-8"} <= set(lines)
            assert b"Content-Length: %d" % len(text) in lines
            assert text == b"web did not build\nmain.go:3: undefined: foo <T>\n"

    play(body)


def test_a_browser_gets_a_page_with_the_reason_escaped() -> None:
    async def body() -> None:
        async with scene() as here:
            here.holder.notice = Notice("<web> did not build", "undefined: foo <T>")
            reader, writer = await here.client()
            writer.write(b"GET / HTTP/1.1\r\nhost: a\r\naccept: text/html,application/xhtml+xml;q=0.9\r\n\r\n")
            answer = await reader.read()
            assert b"Content-Type: text/html; charset=utf-8" in answer
            assert b"undefined: foo &lt;T&gt;" in answer
            assert b"<h1>&lt;web&gt; did not build</h1>" in answer
            assert b"<T>" not in answer
            assert b'<meta http-equiv="refresh" content="2">' in answer, "it asks again by itself"
            assert b"Content-Security-Policy: default-src 'none'" in answer
            assert b"//" not in answer.partition(b"\r\n\r\n")[2], "nothing from elsewhere"

    play(body)


def test_a_large_upload_still_gets_to_read_the_answer() -> None:
    """Closing on unread bytes would reset the connection and destroy the answer on its way."""

    async def body() -> None:
        async with scene() as here:
            reader, writer = await here.client()
            writer.write(b"POST / HTTP/1.1\r\nContent-Length: 500000\r\n\r\n" + b"x" * 500_000)
            assert (await reader.read()).startswith(b"HTTP/1.1 503 ")

    play(body)


def test_a_head_request_gets_no_body() -> None:
    async def body() -> None:
        async with scene() as here:
            reader, writer = await here.client()
            writer.write(b"HEAD / HTTP/1.1\r\n\r\n")
            assert (await reader.read()).endswith(b"\r\n\r\n")

    play(body)


@pytest.mark.parametrize(
    "first", [b"\x16\x03\x01\x02\x00\x01\x00", b"SSH-2.0-x\r\n", b"PRI * HTTP/2.0\r\n\r\n", b"*1\r\n$4\r\nPING\r\n"]
)
def test_other_protocols_are_closed(first: bytes) -> None:
    async def body() -> None:
        async with scene() as here:
            reader, writer = await here.client()
            writer.write(first)
            assert await reader.read() == b""

    play(body)
