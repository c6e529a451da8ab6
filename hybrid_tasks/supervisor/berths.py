"""Where the instances of one service listen: the port of the next one, and older ports until their last has left."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from hybrid_tasks.engine.steering import SteeredPort
from hybrid_tasks.engine.unavailable import Notice
from hybrid_tasks.model.service import Listen, Service
from hybrid_tasks.supervisor.fronting import Seat

Open = Callable[[Service], SteeredPort]


@dataclass(frozen=True, slots=True)
class Berth:
    """Where one instance listens.

    Args:
        host: as configured when it was started.
        number: the port, None without one.
        port: when it is ours and clients of the instance come to it.
        slot: the instance's own slot of it.
        seat: instead, its service's place behind the front, which sends clients to `number`.
    """

    host: str
    number: int | None
    port: SteeredPort | None = None
    slot: int = 0
    seat: Seat | None = None

    @property
    def claims(self) -> int | None:
        """The port that nobody else can bind while it is there."""
        return self.number if self.port is None else self.port.port


class Berths:
    """The ports of one service.

    Args:
        open_port: takes the port of a service.
        leave: hears of every port before it is closed.
    """

    def __init__(self, open_port: Open, leave: Callable[[SteeredPort], Awaitable[None]]) -> None:
        self.next: SteeredPort | None = None
        self.listen = Listen.OWN
        self._pending: Service | None = None
        self._open_port = open_port
        self._leave_front = leave
        self._open: dict[tuple[str, int], SteeredPort] = {}
        self._taken: dict[str, Berth] = {}
        self._leaving: dict[str, Berth] = {}
        self._notice = Notice()

    @property
    def steered(self) -> bool:
        """Whether the port of the next instance is ours."""
        return self.next is not None or self._pending is not None

    def choose(self, service: Service, listen: Listen) -> None:
        """Settle where the next instance listens; nothing is closed before the old one has left.

        Args:
            service: as configured now.
            listen: INHERIT, FRONT or OWN.

        Raises:
            PortTaken: somebody else has the port.
            SteeringUnavailable: connections cannot be steered there.
        """
        self.listen = Listen.OWN
        if listen is Listen.OWN or service.port is None:
            self.next = self._pending = None
            return
        key = _key(service)
        if key not in self._open:
            if self.in_the_way(service):  # of our own making: opened once that has left
                self.next, self._pending, self.listen = None, service, listen
                return
            self._take_port(key, service)
        self.next, self._pending, self.listen = self._open[key], None, listen

    def _take_port(self, key: tuple[str, int], service: Service) -> None:
        self._open[key] = self._open_port(service)
        self._open[key].explain(self._notice)

    def in_the_way(self, service: Service) -> bool:
        """Whether an instance of ours has the port in a way that another cannot share."""
        here = self._taken | self._leaving
        return service.port is not None and any(berth.claims == service.port for berth in here.values())

    async def ready(self) -> SteeredPort | None:
        """Give the port for an instance that is started now."""
        await self.tidy()
        if self._pending is not None:
            self._take_port(_key(self._pending), self._pending)
            self.choose(self._pending, self.listen)
        return self.next

    def take(self, run: str, berth: Berth) -> None:
        """Note where an instance listens."""
        self._taken[run] = berth

    def of(self, run: str) -> Berth | None:
        """Say where an instance listens."""
        return self._taken.get(run)

    def leave(self, run: str) -> Berth | None:
        """Hear that an instance is on its way out; its port stays until `left`."""
        berth = self._taken.pop(run, None)
        if berth is not None:
            self._leaving[run] = berth
        return berth

    async def left(self, run: str) -> None:
        """Hear that an instance is gone."""
        if self._leaving.pop(run, None) is not None:
            await self.tidy()

    async def tidy(self) -> None:
        """Close what neither an instance nor the next one needs."""
        needed = [berth.port for berth in (*self._taken.values(), *self._leaving.values())]
        for key, port in list(self._open.items()):
            if port is not self.next and port not in needed:
                del self._open[key]
                await self._leave_front(port)
                await port.close()

    def explain(self, notice: Notice) -> None:
        """Set what clients are told where nothing serves."""
        self._notice = notice
        for port in self._open.values():
            port.explain(notice)

    async def close(self) -> None:
        """Give every port back."""
        self.next = self._pending = None
        self.listen = Listen.OWN
        self._taken.clear()
        self._leaving.clear()
        await self.tidy()


def _key(service: Service) -> tuple[str, int]:
    assert service.port is not None  # noqa: S101 - asked before
    return ("127.0.0.1" if service.host == "localhost" else service.host, service.port)
