# ruff: noqa: ASYNC110, ASYNC240 - a test waits for a file, and blocks nobody but itself
from __future__ import annotations

import asyncio
import os
import random
import socket
import stat
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from fakes import short_folder

from hybrid_tasks.control import codec
from hybrid_tasks.control import server as module
from hybrid_tasks.control.messages import Request, ask
from hybrid_tasks.control.server import Reply, Server, serve
from hybrid_tasks.errors import HybridError, WrongInput
from hybrid_tasks.model.events import Event

Handler = Callable[[Request, Reply], Awaitable[None]]


async def greet(request: Request, reply: Reply) -> None:
    reply.result({"op": request.op, "args": dict(request.args)})


@asynccontextmanager
async def served(path: Path, handler: Handler = greet, **options: object) -> AsyncIterator[Server]:
    server = await serve(path, handler, uid=os.geteuid(), **options)  # type: ignore[arg-type]
    try:
        yield server
    finally:
        await server.close()


def frame(op: str = "status", **args: object) -> bytes:
    return codec.encode(ask(op, args, {}).as_json())


async def say(path: Path, data: bytes, *, eof: bool = False) -> list[dict[str, object]]:
    reader, writer = await asyncio.open_unix_connection(str(path), limit=codec.REPLY_LIMIT)
    try:
        try:
            writer.write(data)
            await writer.drain()
            if eof:
                writer.write_eof()
        except ConnectionError:
            pass
        async with asyncio.timeout(30):
            lines = (await reader.read(-1)).splitlines(keepends=True)
    except ConnectionError:
        return []
    finally:
        writer.close()
    return [codec.decode(line, codec.REPLY_LIMIT) for line in lines]


def run(scenario: Awaitable[None]) -> None:
    async def limited() -> None:
        async with asyncio.timeout(60):
            await scenario

    asyncio.run(limited())


@pytest.fixture
def tmp_path() -> Iterator[Path]:
    with short_folder() as folder:
        yield folder


@pytest.fixture
def path(tmp_path: Path) -> Path:
    folder = tmp_path / "own"
    folder.mkdir(mode=0o700)
    return folder / "control.sock"


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


def test_sec_1_the_socket_is_0600_under_any_umask(path: Path) -> None:
    async def scenario() -> None:
        async with served(path):
            found = path.stat()
            assert stat.S_ISSOCK(found.st_mode)
            assert stat.S_IMODE(found.st_mode) == 0o600

    before = os.umask(0)
    try:
        run(scenario())
    finally:
        os.umask(before)


def test_sec_3_another_user_is_not_even_read(path: Path) -> None:
    heard = []

    async def handler(request: Request, reply: Reply) -> None:
        heard.append(request)
        reply.result(None)

    async def scenario() -> None:
        server = await serve(path, handler, uid=os.geteuid() + 1)
        try:
            assert await say(path, frame()) == []
        finally:
            await server.close()
        assert not heard

    run(scenario())


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"hello\n", "not JSON"),
        (b"\n", "not JSON"),
        (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", "not JSON"),
        (b"\x16\x03\x01\x02\x00\x01\xfc\x03\x03\n", "not JSON"),
        (b"[]\n", "not an object"),
        (b'{"v":1}\n', "unknown request"),
        (b'{"v":7,"op":"status"}\n', "different versions"),
        (b'{"v":1,"op":"status","args":{"x":1}}\n', "no argument `x`"),
        (b'{"a":' * 10_000 + b"1" + b"}" * 10_000 + b"\n", "nested deeper"),
        (b"x" * (codec.REQUEST_LIMIT + 10) + b"\n", "above the limit"),
    ],
)
def test_sec_7_garbage_gets_a_mistake_and_the_next_client_an_answer(path: Path, data: bytes, words: str) -> None:
    async def scenario() -> None:
        async with served(path):
            (answer,) = await say(path, data)
            assert words in str(answer["error"])
            assert len(await say(path, frame())) == 1

    run(scenario())


def test_a_length_of_a_gigabyte_is_cut_short(path: Path) -> None:
    async def scenario() -> None:
        async with served(path):
            reader, writer = await asyncio.open_unix_connection(str(path))
            sent, chunk = 0, b"x" * 65536
            with pytest.raises(ConnectionError):
                while sent < 1 << 30:
                    writer.write(chunk)
                    await writer.drain()
                    sent += len(chunk)
            assert sent < 64 << 20
            writer.close()
            assert len(await say(path, frame())) == 1
            del reader

    run(scenario())


@pytest.mark.parametrize("data", [b"", b'{"v":1,"op":"sta', b"\x00"])
def test_half_a_frame_and_the_end_is_let_go(path: Path, data: bytes) -> None:
    async def scenario() -> None:
        async with served(path) as server:
            assert await say(path, data, eof=True) == []
            await server.quiet.wait()

    run(scenario())


def test_a_half_closed_client_still_gets_its_answer(path: Path) -> None:
    async def scenario() -> None:
        async with served(path):
            assert len(await say(path, frame(), eof=True)) == 1

    run(scenario())


def test_sec_7_a_frame_must_be_finished_in_time(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert module.FRAME_SECONDS == 5.0
    monkeypatch.setattr(module, "FRAME_SECONDS", 0.2)

    async def scenario() -> None:
        async with served(path) as server:
            reader, writer = await asyncio.open_unix_connection(str(path))
            data = frame()
            with pytest.raises(ConnectionError):
                for byte in data:
                    writer.write(bytes([byte]))
                    await writer.drain()
                    await asyncio.sleep(0.05)
                await reader.read()
                writer.write(b"x")
                await writer.drain()
            writer.close()
            await server.quiet.wait()

    run(scenario())


def test_a_client_that_never_reads_is_dropped_and_delays_nobody(path: Path) -> None:
    dropped = asyncio.Event()

    async def flood(request: Request, reply: Reply) -> None:
        if request.op == "plugins":
            reply.result(None)
            return
        while not reply.closed.is_set():
            reply.event(Event("note", 0.0, None, {"text": "x" * 10_000}))
            await asyncio.sleep(0)
        dropped.set()

    async def scenario() -> None:
        async with served(path, flood) as server:
            with socket.socket(socket.AF_UNIX) as lazy:
                lazy.connect(str(path))
                lazy.sendall(frame())
                await dropped.wait()
                assert len(await say(path, frame("plugins"))) == 1
            await server.quiet.wait()

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
            while not heard.is_set():
                await asyncio.sleep(0)
            await server.close()
            (answer,) = await asked
            assert "is ending" in str(answer["error"])
        assert not path.exists()

    run(scenario())


def test_500_connections_at_once(path: Path) -> None:
    async def scenario() -> None:
        async with served(path) as server:
            answers = await asyncio.gather(
                *(say(path, frame()) for _ in range(400)), *(say(path, b"", eof=True) for _ in range(100))
            )
            assert sum(len(answer) for answer in answers) == 400
            await server.quiet.wait()

    run(scenario())


def test_fuzz_never_silences_the_server(path: Path) -> None:
    seed = random.randrange(1 << 32)
    source = random.Random(seed)
    alphabet = [
        b'{"v":1,',
        b'"op":',
        b'"start"',
        b'"args":',
        b"{}",
        b"[",
        b"]",
        b"}",
        b"\n",
        b"\0",
        b"\xff",
        b'"',
        b",",
        b"null",
    ]

    async def scenario() -> None:
        async with served(path) as server:
            for _ in range(150):
                data = b"".join(source.choice([*alphabet, source.randbytes(3)]) for _ in range(source.randrange(30)))
                await say(path, data, eof=True)
            assert len(await say(path, frame())) == 1
            await server.quiet.wait()

    try:
        run(scenario())
    except BaseException:
        print(f"seed {seed}")
        raise


@pytest.mark.parametrize(
    "stale",
    [
        "dead socket",
        "empty file",
        "garbage",
        "fifo",
        "link to nowhere",
        "link to a file",
        "link to a folder",
        "link to itself",
        "read-only file",
        "live socket",
    ],
)
def test_what_was_left_at_the_socket_path_is_replaced(path: Path, tmp_path: Path, stale: str) -> None:
    other = tmp_path / "other"
    held = socket.socket(socket.AF_UNIX)
    if stale in {"dead socket", "live socket"}:
        held.bind(str(path))
        if stale == "live socket":
            held.listen()
    elif stale == "fifo":
        os.mkfifo(path)
    elif stale == "link to nowhere":
        path.symlink_to(tmp_path / "nowhere")
    elif stale == "link to itself":
        path.symlink_to(path)
    elif stale == "link to a file":
        other.write_text("precious")
        path.symlink_to(other)
    elif stale == "link to a folder":
        other.mkdir()
        path.symlink_to(other)
    else:
        path.write_bytes(b"" if stale == "empty file" else b"\0garbage")
        path.chmod(0o400 if stale == "read-only file" else 0o600)

    async def scenario() -> None:
        async with served(path):
            assert len(await say(path, frame())) == 1

    try:
        run(scenario())
    finally:
        held.close()
    if stale == "link to a file":
        assert other.read_text() == "precious"
    assert not path.exists()


def test_a_folder_in_the_way_is_named(path: Path) -> None:
    path.mkdir()
    with pytest.raises(HybridError, match="is in the way") as caught:
        run(serve(path, greet, uid=os.geteuid()))  # type: ignore[arg-type]
    assert str(path) in caught.value.hint


@pytest.mark.parametrize("how", ["removed", "replaced", "folder removed"])
def test_a_socket_that_disappears_comes_back(path: Path, how: str) -> None:
    async def scenario() -> None:
        async with served(path, check_every=0.02) as server:
            path.unlink()
            if how == "replaced":
                path.write_text("somebody else's")
            elif how == "folder removed":
                path.parent.rmdir()
            while not (path.exists() and path.is_socket()):
                await asyncio.sleep(0.01)
            assert len(await say(path, frame())) == 1
            assert server.path == path
            if how == "folder removed":
                assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700

    run(scenario())


def test_a_socket_that_cannot_come_back_moves(path: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere.sock"

    async def scenario() -> None:
        async with served(path, check_every=0.02, replace=lambda: elsewhere) as server:
            path.unlink()
            path.parent.rmdir()
            path.parent.write_text("a file where the folder was")
            while not elsewhere.exists():
                await asyncio.sleep(0.01)
            assert len(await say(elsewhere, frame())) == 1
            assert server.path == elsewhere

    run(scenario())


def test_running_requests_outlive_a_lost_socket(path: Path) -> None:
    go = asyncio.Event()

    async def handler(_request: Request, reply: Reply) -> None:
        await go.wait()
        reply.result("still here")

    async def scenario() -> None:
        async with served(path, handler, check_every=0.02) as server:
            asked = asyncio.create_task(say(path, frame()))
            while not server.clients:
                await asyncio.sleep(0.005)
            path.unlink()
            while not path.exists():
                await asyncio.sleep(0.005)
            go.set()
            (answer,) = await asked
            assert answer["result"] == "still here"

    run(scenario())
