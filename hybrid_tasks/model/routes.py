"""What a gateway is asked to serve: ports of services whose instances come and go."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Route:
    """One port that a front serves for a service.

    Args:
        service: its name.
        listener: number of the inherited listening socket in the front's process.
        target: file in the front's working directory that holds `host:port` of where requests go, without a line
            end. It is replaced at every swap, so it has to be read for every request.
    """

    service: str
    listener: int
    target: str


@dataclass(frozen=True, slots=True)
class GatewaySettings:
    """What holds for all routes.

    Args:
        folder: the working directory of the front, which only we can enter.
        patience: seconds that a request waits for an instance that cannot be connected to.
        grace: seconds that open requests have when the front is asked to end.
    """

    folder: Path
    patience: float = 2.0
    grace: float = 2.0
