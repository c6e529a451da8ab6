# ruff: noqa: ASYNC110, ASYNC240 - a test waits for a file, and blocks nobody but itself
"""The socket in the file system: who may open it, what lay in its place, and how it comes back."""

from __future__ import annotations

import asyncio
import os
import socket
import stat
from pathlib import Path

import pytest
from wire import frame, greet, run, say, served

from hybrid_tasks.control.messages import Request
from hybrid_tasks.control.server import Reply, serve
from hybrid_tasks.errors import HybridError


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
