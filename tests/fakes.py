"""A supervisor that answers what it was told to: the whole command line can be tried against it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import tempfile
import threading
from collections.abc import Awaitable, Callable, Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from hybrid_tasks.control import paths
from hybrid_tasks.control.messages import Request
from hybrid_tasks.control.server import Reply, Server, serve
from hybrid_tasks.errors import HybridError
from hybrid_tasks.model.events import Event

Answer = Callable[[Request, Reply], Awaitable[None]]


def canned(value: object, code: int = 0, *events: Event) -> Answer:
    """Answer with these events and this result."""

    async def answer(_request: Request, reply: Reply) -> None:
        for event in events:
            reply.event(event)
        reply.result(value, code)

    return answer


def refusing(error: HybridError) -> Answer:
    """Answer with this mistake."""

    async def answer(_request: Request, reply: Reply) -> None:
        reply.error(error)

    return answer


@contextlib.contextmanager
def short_folder() -> Iterator[Path]:
    """A temporary folder whose path leaves room for a socket in it."""
    with tempfile.TemporaryDirectory(prefix="ht", dir="/tmp") as folder:
        yield Path(folder).resolve()


class FakeSupervisor:
    """A control server in a thread of this process.

    Args:
        root: the project.
        environ: decides where its socket is.
        answers: what to say, by operation.
    """

    def __init__(self, root: Path, environ: Mapping[str, str], answers: Mapping[str, Answer] | None = None) -> None:
        self.root, self.environ = root, environ
        self.answers = dict(answers or {})
        self.requests: list[Request] = []
        self.server: Server | None = None
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._over = asyncio.Event()
        self._thread = threading.Thread(target=self._run, name="fake-supervisor")
        self._failure: BaseException | None = None

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._ready.wait(30)
        if self._failure is not None:
            raise self._failure
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._loop.call_soon_threadsafe(self._over.set)
        self._thread.join(30)
        assert not self._thread.is_alive()

    def _run(self) -> None:
        try:
            self._loop.run_until_complete(self._live())
        except BaseException as error:
            self._failure = error
            self._ready.set()
        finally:
            self._loop.run_until_complete(self._loop.shutdown_default_executor())
            self._loop.close()

    async def _live(self) -> None:
        self.server = await serve(paths.place_socket(self.root, self.environ), self._answer, uid=os.geteuid())
        self._ready.set()
        await self._over.wait()
        await self.server.close()

    async def _answer(self, request: Request, reply: Reply) -> None:
        self.requests.append(request)
        answer = self.answers.get(request.op)
        if answer is None:
            raise HybridError(f"the fake was not told what to say to `{request.op}`")
        await answer(request, reply)

    def asked(self, op: str) -> list[dict[str, Any]]:
        """The arguments of every request of one kind so far."""
        return [dict(request.args) for request in self.requests if request.op == op]
