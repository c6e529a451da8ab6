"""How a service is asked whether it is well, and how often."""

from __future__ import annotations

from dataclasses import dataclass

from hybrid_tasks.model.command import Command


@dataclass(frozen=True, slots=True)
class HttpProbe:
    """Healthy when `GET path` on the service's port answers 200 to 399 (redirects are not followed)."""

    path: str


@dataclass(frozen=True, slots=True)
class TcpProbe:
    """Healthy when the service itself accepts a connection on its port."""


@dataclass(frozen=True, slots=True)
class ExecProbe:
    """Healthy when the command ends with 0."""

    command: Command


@dataclass(frozen=True, slots=True)
class LogProbe:
    """Healthy once a line of the instance's own output matches the regular expression."""

    pattern: str


@dataclass(frozen=True, slots=True)
class NotifyProbe:
    """Healthy once the instance sends `READY=1` as in sd_notify(3)."""


@dataclass(frozen=True, slots=True)
class AliveProbe:
    """Healthy as long as the process lives, from the end of its start on.

    The start is over when the program waits for something to do, at the latest after ten times `settle` seconds;
    where that cannot be seen, after `settle` seconds.
    """

    settle: float = 0.1


Probe = HttpProbe | TcpProbe | ExecProbe | LogProbe | NotifyProbe | AliveProbe


@dataclass(frozen=True, slots=True)
class Pace:
    """How often a probe is asked, in seconds, and how patient we are.

    Args:
        interval: seconds between probes of a healthy service.
        timeout: seconds after which one probe has failed.
        retries: failures in a row that make a healthy service unhealthy.
        start_period: seconds a new instance has to answer for the first time.

    The names are those of a Compose healthcheck
    (https://docs.docker.com/reference/compose-file/services/#healthcheck).
    """

    interval: float = 10.0
    timeout: float = 2.0
    retries: int = 3
    start_period: float = 30.0
