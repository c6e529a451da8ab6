"""The supervisor's side of the wire: accepts, checks, hands over, and survives whatever a client sends."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from pathlib import Path

from hybrid_tasks.control import codec, messages, paths
from hybrid_tasks.control.binding import BACKLOG, listen, retire, settle
from hybrid_tasks.control.lastwords import start_unix_server
from hybrid_tasks.control.messages import Request
from hybrid_tasks.control.peer import peer_uid
from hybrid_tasks.errors import Code, HybridError, WrongInput
from hybrid_tasks.model.events import Event

logger = logging.getLogger(__name__)

FRAME_SECONDS = 5.0
READER_LIMIT = 1024 * 1024
GATHERED = 0.03
"""Seconds for which events are gathered after one that was sent at once."""
OVERTAKEN = frozenset({"state", "stage"})
"""Kinds of events of which a later one about the same service says all that counts."""
CHECK_SECONDS = 5.0


class Reply:
    """The answer to one request, written as it comes; nothing here waits for the client.

    Args:
        writer: to the client.

    Attributes:
        closed: set when the client went away; attached requests wait for it.
        cancelled: set when the client wants undone what it has begun.
        hurried: set when it said so again: without grace.
    """

    def __init__(self, writer: asyncio.StreamWriter) -> None:
        self._writer = writer
        self._done = False
        self._events: dict[object, Event] = {}
        self._gathering = False
        self.closed = asyncio.Event()
        self.cancelled = asyncio.Event()
        self.hurried = asyncio.Event()

    @property
    def done(self) -> bool:
        """Whether the last frame was sent."""
        return self._done

    def event(self, event: Event) -> None:
        """Tell something that happened; a client that does not read is dropped, never waited for."""
        if self._done or not self._open():
            return
        key = (event.kind, event.service) if event.kind in OVERTAKEN else id(event)
        self._events.pop(key, None)
        self._events[key] = event
        if not self._gathering:
            self._tell()

    def result(self, value: object, code: int = int(Code.DONE)) -> None:
        """Send the result and the exit code; the last frame.

        Args:
            value: JSON-ready.
            code: what the client exits with.
        """
        self._last(messages.result_frame(value, code))

    def error(self, error: HybridError) -> None:
        """Send a mistake instead of a result; the last frame."""
        self._last(messages.error_frame(error))

    def _last(self, frame: dict[str, object]) -> None:
        self._tell()
        if not self._done and self._open():
            self._writer.write(codec.encode(frame))
        self._done = True

    def _tell(self) -> None:
        """Send the events that have gathered, and gather those that come next: each alone would wake the client."""
        events, self._events = self._events.values(), {}
        self._gathering = bool(events) and self._open()
        if not self._gathering:
            return
        asyncio.get_running_loop().call_later(GATHERED, self._tell)
        self._writer.write(b"".join(codec.encode(messages.event_frame(event)) for event in events))
        if self._writer.transport.get_write_buffer_size() > READER_LIMIT:
            self.closed.set()
            self._writer.transport.abort()

    def _open(self) -> bool:
        return not self.closed.is_set() and not self._writer.transport.is_closing()


Handler = Callable[[Request, Reply], Awaitable[None]]


class Server:
    """A bound socket with its clients; made by `serve`.

    Args:
        path: where it listens.
        handler: called once a request, on the loop.
        uid: the only user that is heard.
        replace: chooses (and notes) another place when the path cannot be bound again.
        check_every: seconds between two looks at whether the socket file is still there.
    """

    def __init__(
        self, path: Path, handler: Handler, uid: int, replace: Callable[[], Path] | None, check_every: float
    ) -> None:
        self.path = path
        self._handler = handler
        self._uid = uid
        self._replace = replace
        self._check_every = check_every
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None
        self._inode = (0, 0)
        self._guard: asyncio.Task[None] | None = None
        self._binding = asyncio.Lock()
        self.quiet = asyncio.Event()
        self.quiet.set()

    @property
    def clients(self) -> int:
        """How many connections are being served; `quiet` is set while there is none."""
        return len(self._tasks)

    async def open(self) -> None:
        """Bind and listen; called by `serve`."""
        await self._bind(self.path)
        self._guard = asyncio.create_task(self._stay(), name="control-socket-guard")

    async def close(self) -> None:
        """Stop listening, cancel what is being served and remove the socket file if it is still ours."""
        if self._guard is not None:
            async with self._binding:  # never in the middle of it
                self._guard.cancel()
        if self._server is not None:
            await retire(self._server)
        tasks = [task for task in self._tasks if task is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, *([self._guard] if self._guard else []), return_exceptions=True)
        await settle()  # closed transports let go of their sockets
        if self._present():
            paths.drop_socket(self.path)

    async def _bind(self, path: Path) -> None:
        listening, inode = listen(path)
        server = await start_unix_server(self._accept, listening, limit=codec.REQUEST_LIMIT, backlog=BACKLOG)
        before, self._server, self._inode, self.path = self._server, server, inode, path
        if before is not None:
            await retire(before)

    def _present(self) -> bool:
        try:
            found = self.path.lstat()
        except OSError:
            return False
        return (found.st_dev, found.st_ino) == self._inode

    async def _stay(self) -> None:
        """Bind again when the file is gone: a logout or a cleaner of the temporary folder removes it."""
        while True:
            await asyncio.sleep(self._check_every)
            if self._present():
                continue
            logger.warning("the control socket %s is gone; listening again", self.path)
            async with self._binding:
                try:
                    await self._bind(self.path)
                except (HybridError, OSError) as error:
                    logger.warning("%s", error)
                    await self._elsewhere()

    async def _elsewhere(self) -> None:
        if self._replace is None:
            return
        try:
            await self._bind(self._replace())
        except (HybridError, OSError) as error:
            logger.warning("%s", error)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, from the check of its owner to its end."""
        task = asyncio.current_task()
        if task is None or not self._trusted(writer):
            writer.transport.abort()
            return
        self._tasks.add(task)
        self.quiet.clear()
        try:
            await self._converse(reader, writer)
        except (ConnectionError, asyncio.CancelledError):
            pass
        finally:
            if writer.transport.get_write_buffer_size():
                writer.transport.abort()  # it does not read; whoever reads has it all by now
            writer.close()
            self._tasks.discard(task)
            if not self._tasks:
                self.quiet.set()

    def _trusted(self, writer: asyncio.StreamWriter) -> bool:
        try:
            return peer_uid(writer.get_extra_info("socket")) == self._uid
        except OSError:
            return False

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        reply = Reply(writer)
        try:
            frame = await _frame(reader)
        except asyncio.LimitOverrunError:
            reply.error(WrongInput(f"a message is above the limit of {codec.REQUEST_LIMIT} bytes"))
        except (asyncio.IncompleteReadError, TimeoutError):
            return  # gone, or too slow to be one of ours
        else:
            await self._answer(frame, reader, reply)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(FRAME_SECONDS):
                writer.transport.set_write_buffer_limits(high=0)  # until all of it is gone
                await writer.drain()

    async def _answer(self, frame: bytes, reader: asyncio.StreamReader, reply: Reply) -> None:
        """Run the handler; whatever it raises becomes the last frame."""
        watcher = asyncio.create_task(_until_gone(reader, reply))
        try:
            request = messages.read_request(codec.decode(frame))
            await self._handler(request, reply)
            if not reply.done:
                reply.error(HybridError("the supervisor gave no answer", code=Code.UNEXPECTED))
        except HybridError as error:
            reply.error(error)
        except asyncio.CancelledError:
            reply.error(HybridError("the supervisor is ending", code=Code.UNREACHABLE))
            raise
        except Exception as error:
            logger.exception("a request failed")
            words = f"unexpected in the supervisor: {type(error).__name__}: {error}"
            reply.error(HybridError(words, "its log has the traceback", Code.UNEXPECTED))
        finally:
            watcher.cancel()


async def _frame(reader: asyncio.StreamReader) -> bytes:
    """Read a request; one that came in time counts although we had no processor to read it before the time was over."""
    try:
        async with asyncio.timeout(FRAME_SECONDS):
            return await reader.readuntil(b"\n")
    except TimeoutError:
        async with asyncio.timeout(0):
            return await reader.readuntil(b"\n")


async def _until_gone(reader: asyncio.StreamReader, reply: Reply) -> None:
    """Heed how often a client cancels its request, and forget what else it sends, until it goes away."""
    with contextlib.suppress(ConnectionError):
        while data := await reader.read(65536):
            for _ in range(data.count(messages.CANCEL)):
                (reply.hurried if reply.cancelled.is_set() else reply.cancelled).set()
    reply.closed.set()


async def serve(
    path: Path,
    handler: Handler,
    *,
    uid: int,
    replace: Callable[[], Path] | None = None,
    check_every: float = CHECK_SECONDS,
) -> Server:
    """Listen on a Unix socket and answer requests with `handler`.

    Args:
        path: where, in a folder only we can enter (`paths.place_socket`); what is there is replaced.
        handler: `async def handle(request, reply)`; it answers with `reply.result` or `reply.error`, or raises.
        uid: the only user that is heard.
        replace: another place for when the path cannot be bound again (`paths.place_socket` once more).
        check_every: seconds between two looks at whether the socket file is still there.

    Returns:
        the running server.

    Raises:
        HybridError: the path cannot be bound.
    """
    server = Server(path, handler, uid, replace, check_every)
    await server.open()
    return server
