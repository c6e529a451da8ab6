"""The front: one real proxy for all services that cannot take a socket from us, started by the first of them.

Each service's port stays ours (`SteeredPort`): the proxy has a slot of it, as an instance that inherits has. So
while it starts or has crashed, connections are held and not refused. A proxy's sockets are given to it at its
start; a service that joins later has a new proxy started beside the old one, which keeps the connections it has.
"""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Coroutine
from pathlib import Path

from hybrid_tasks.engine.steering import SteeredPort
from hybrid_tasks.errors import HybridError
from hybrid_tasks.gateway import launching, targets
from hybrid_tasks.model.info import GatewayInfo, Tool
from hybrid_tasks.plugin import routing
from hybrid_tasks.process.spares import spare_port
from hybrid_tasks.supervisor.crashes import LONGEST, Backoff, how_ended
from hybrid_tasks.supervisor.listening import address
from hybrid_tasks.supervisor.proxy import Proxy, ProxyFailed, finished, start
from hybrid_tasks.supervisor.site import Site

FRONT = "front"
"""Name of its folder beside the state."""
AGAIN = 2.0
"""Seconds after which a program that was not there is looked for again; many services may ask at once."""
CALM = 1.0
"""Seconds after which the end of a proxy is answered at once."""

_LOOPBACK = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - a table, nothing is bound

logger = logging.getLogger(__name__)


def joined(host: str, port: int) -> str:
    """Write an address as `host:port`."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


class Seat:
    """A service's place behind the front; all methods belong to the event loop.

    Args:
        service: its name.
        port: its port, which is ours.
        file: where the front reads who serves.
    """

    def __init__(self, service: str, port: SteeredPort, file: Path) -> None:
        self.service = service
        self.port = port
        self.number: int | None = None
        self._slot: int | None = None
        self.file = file
        self._home = joined(_LOOPBACK.get(port.host, port.host), port.port)
        targets.replace(file, self._home)

    def serve(self, number: int | None) -> None:
        """Send every new request to an instance.

        Args:
            number: the port on which it listens; None: nothing serves, and requests are held by us, those on
                connections that the front has already as well.
        """
        self.number = number
        if number is None:
            self.port.serve(None)
            targets.replace(self.file, self._home)
        else:
            targets.replace(self.file, address(number))
            self.port.serve(self._slot)

    def move(self, slot: int | None) -> None:
        """Hear in which slot of the port the front listens now; None: it does not."""
        self._slot = slot
        if self.number is not None:
            self.port.serve(slot)

    def close(self) -> None:
        """Remove what the front read."""
        self.file.unlink(missing_ok=True)


class Front:
    """The front of a project.

    Args:
        site: what all units share.
        folder: for its files; only we can enter it.
    """

    def __init__(self, site: Site, folder: Path) -> None:
        self.trouble: str | None = None
        self._site = site
        self._folder = folder
        self._seats: dict[SteeredPort, Seat] = {}
        self._proxy: Proxy | None = None
        self._older: set[Proxy] = set()
        self._number = 0
        self._lock = asyncio.Lock()
        self._backoff = Backoff()
        self._tasks: set[asyncio.Task[None]] = set()
        self._closed = False
        self._looked: tuple[str | None, float, Tool | None] | None = None

    def lacks(self) -> str | None:
        """Say what has to be done before it can be used; None: nothing."""
        if not sys.platform.startswith("linux"):
            return "only Linux can hold a port for it"
        info = self._info()
        if info is None:
            return "no plugin brings a proxy that can stand in front"
        path, now = self._site.client.get("PATH"), self._site.now()
        if self._looked is None or self._looked[0] != path or not 0 <= now - self._looked[1] < AGAIN:
            self._looked = path, now, launching.missing(info, path)
        tool = self._looked[2]
        return None if tool is None else tool.install

    def spare(self) -> int:
        """Give a port for an instance, none that a service of the project has."""
        taken = {
            number
            for service in self._site.project.services.values()
            for number in (service.port, *(one.port for one in service.ports))
            if number is not None
        }
        return spare_port(taken)

    async def join(self, service: str, port: SteeredPort) -> Seat:
        """Have a port served by the front.

        Args:
            service: its name.
            port: its port; taken back by `leave`.

        Returns:
            its seat, the same for the same port.

        Raises:
            HybridError: the front does not start.
        """
        async with self._lock:
            if port not in self._seats:
                self._number += 1
                self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                self._seats[port] = Seat(service, port, self._folder / f"{service}.{self._number}")
            seat = self._seats[port]
            if self._proxy is None or port not in self._proxy.slots:
                try:
                    await self._renew()
                except BaseException:
                    self._forget(port)
                    raise
            return seat

    async def leave(self, port: SteeredPort) -> None:
        """Take a port back, before it is closed; the last one ends the front."""
        async with self._lock:
            self._forget(port)
            if not self._seats:
                await self._end()

    async def close(self) -> None:
        """End everything."""
        self._closed = True
        async with self._lock:
            await self._end()
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _forget(self, port: SteeredPort) -> None:
        if (seat := self._seats.pop(port, None)) is not None:
            seat.close()
            for proxy in filter(None, (self._proxy, *self._older)):
                proxy.slots.pop(port, None)  # nobody may touch its slots once it is closed

    def _info(self) -> GatewayInfo | None:
        kind = (self._site.project.gateway or {}).get("kind")
        return routing.front(self._site.host, kind if isinstance(kind, str) else None)

    async def _end(self) -> None:
        proxy, self._proxy = self._proxy, None
        ending = {*self._older, *((proxy,) if proxy is not None else ())}
        for one in ending:
            one.retiring = True
        await asyncio.gather(*(one.job.stop() for one in ending))

    # a proxy's life

    async def _renew(self) -> None:
        """Start a proxy for all seats, and let the one before finish what it has."""
        info = self._info()
        if info is None:
            raise ProxyFailed("no plugin brings a proxy that can stand in front of services", "see `inv dev-plugins`")
        slots = {seat: seat.port.free_slot() for seat in self._seats.values()}
        try:
            listeners = {seat.file: seat.port.listener(slot) for seat, slot in slots.items()}
            newest = list(slots)[-1].port
            newest.probe(slots[self._seats[newest]])
            job = await start(self._site, info, self._folder, listeners, newest)
            newest.probe(None)
        except BaseException:
            for seat, slot in slots.items():
                await asyncio.shield(seat.port.rescue(slot))
            raise
        old, self._proxy = self._proxy, Proxy(job, {seat.port: slot for seat, slot in slots.items()})
        self.trouble = None
        for seat, slot in slots.items():
            seat.move(slot)
        self._backoff.started(asyncio.get_running_loop().time())
        self._later(self._watch(self._proxy))
        if old is not None:
            self._later(self._retire(old))

    async def _retire(self, proxy: Proxy) -> None:
        proxy.retiring = True
        self._older.add(proxy)
        try:
            await finished(proxy)
            await proxy.job.stop()
        finally:
            self._older.discard(proxy)

    async def _watch(self, proxy: Proxy) -> None:
        """Give back what a proxy had once it has ended, and start another when nobody ended it."""
        begun = asyncio.get_running_loop().time()
        code = await proxy.job.wait_code()
        async with self._lock:
            for port, slot in proxy.slots.items():
                seat = self._seats.get(port)
                if seat is not None and self._proxy is proxy:
                    seat.move(None)
                await port.rescue(slot)
            if proxy.retiring or self._proxy is not proxy:
                return
            self._proxy = None
        now = asyncio.get_running_loop().time()
        self.trouble = f"the proxy in front of services {how_ended(code)} and is started again"
        logger.warning("%s: %s", self.trouble, proxy.job.tail(5))
        await self._revive(0.0 if now - begun > CALM else self._backoff.pause(now, now - begun))

    async def _revive(self, pause: float | None) -> None:
        """Start a proxy again, as often as it takes: services have nobody else on their ports."""
        while not self._closed:
            await asyncio.sleep(LONGEST if pause is None else pause)
            async with self._lock:
                if self._proxy is not None or not self._seats or self._closed:
                    return
                try:
                    await self._renew()
                except HybridError as error:
                    self.trouble = error.message
                else:
                    return
            pause = self._backoff.pause(asyncio.get_running_loop().time(), 0.0)

    def _later(self, work: Coroutine[object, object, None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            logger.error("the front failed", exc_info=error)
