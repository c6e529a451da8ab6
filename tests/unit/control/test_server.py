"""Requests and their answers: events, results, mistakes, and clients that go away."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path

import pytest
from wire import frame, run, say, served

from hybrid_tasks.control.messages import CANCEL, Request
from hybrid_tasks.control.server import Reply
from hybrid_tasks.errors import WrongInput
from hybrid_tasks.model.events import Event


def test_a_request_is_answered(path: Path) -> None:
    async def scenario() -> None:
        async with served(path):
            (answer,) = await say(path, frame("stop", services=["web"]))
            assert answer == {"v": 1, "result": {"op": "stop", "args": {"services": ["web"], "kill": False}}, "code": 0}

    run(scenario())


def test_events_come_before_the_result_and_nothing_after_it(path: Path) -> None:
    async def handler(_request: Request, reply: Reply) -> None:
        reply.event(Event("stage", 1.0, "web", {"stage": "build"}))
        reply.result("done", 1)
        reply.event(Event("stage", 2.0, "web", {"stage": "late"}))
        reply.result("again")

    async def scenario() -> None:
        async with served(path, handler):
            first, last = await say(path, frame())
            assert first["event"] == {"kind": "stage", "at": 1.0, "service": "web", "data": {"stage": "build"}}
            assert last == {"v": 1, "result": "done", "code": 1}

    run(scenario())


def test_a_half_closed_client_still_gets_its_answer(path: Path) -> None:
    async def scenario() -> None:
        async with served(path):
            assert len(await say(path, frame(), eof=True)) == 1

    run(scenario())


def test_a_large_result_is_no_reason_to_drop_anybody(path: Path) -> None:
    async def handler(_request: Request, reply: Reply) -> None:
        reply.result("x" * (3 << 20))

    async def scenario() -> None:
        async with served(path, handler):
            (answer,) = await say(path, frame())
            assert len(str(answer["result"])) == 3 << 20

    run(scenario())


def test_an_attached_request_hears_that_its_client_went_away(path: Path) -> None:
    gone = asyncio.Event()

    async def handler(_request: Request, reply: Reply) -> None:
        reply.result("started")
        await reply.closed.wait()
        gone.set()

    async def scenario() -> None:
        async with served(path, handler) as server:
            reader, writer = await asyncio.open_unix_connection(str(path))
            writer.write(frame("start", attached=True))
            assert b"started" in await reader.readline()
            assert server.clients == 1
            assert not gone.is_set()
            writer.close()
            await gone.wait()
            await server.quiet.wait()
            assert server.clients == 0

    run(scenario())


@pytest.mark.parametrize(
    ("raised", "words", "code"),
    [
        (WrongInput("there is no service `wbe`", "did you mean `web`?"), "there is no service `wbe`", 2),
        (ValueError("boom"), "unexpected in the supervisor: ValueError: boom", 70),
        (RecursionError(), "RecursionError", 70),
    ],
)
def test_what_a_handler_raises_becomes_the_answer(path: Path, raised: Exception, words: str, code: int) -> None:
    async def handler(_request: Request, _reply: Reply) -> None:
        raise raised

    async def scenario() -> None:
        async with served(path, handler):
            (answer,) = await say(path, frame())
            error = answer["error"]
            assert isinstance(error, dict)
            assert words in str(error["message"])
            assert error["code"] == code

    run(scenario())


def test_a_handler_that_forgets_to_answer_is_told_on(path: Path) -> None:
    async def handler(_request: Request, _reply: Reply) -> None:
        return

    async def scenario() -> None:
        async with served(path, handler):
            (answer,) = await say(path, frame())
            assert "gave no answer" in str(answer["error"])

    run(scenario())


def test_closing_ends_requests_with_a_word(path: Path) -> None:
    heard = asyncio.Event()

    async def handler(_request: Request, _reply: Reply) -> None:
        heard.set()
        await asyncio.Event().wait()

    async def scenario() -> None:
        async with served(path, handler) as server:
            asked = asyncio.create_task(say(path, frame()))
            await heard.wait()
            await server.close()
            (answer,) = await asked
            assert "is ending" in str(answer["error"])
        assert not path.exists()  # noqa: ASYNC240 - blocks nobody but itself

    run(scenario())


def test_bug_a_cancelled_start_went_on_when_its_client_hung_up_while_it_was_told_something(path: Path) -> None:
    link = socket.socket(socket.AF_UNIX)

    async def handler(_request: Request, reply: Reply) -> None:
        link.sendall(CANCEL + CANCEL)
        link.close()
        reply.event(Event("stage", 1.0, "web", {"stage": "start"}))
        await reply.closed.wait()
        heard.append((reply.cancelled.is_set(), reply.hurried.is_set()))
        done.set()

    heard: list[tuple[bool, bool]] = []
    done = asyncio.Event()

    async def scenario() -> None:
        async with served(path, handler):
            link.connect(str(path))
            link.sendall(frame("start"))
            await done.wait()

    run(scenario())
    assert heard == [(True, True)]
