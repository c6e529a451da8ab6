"""What the last probes say about a service."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Unknown:
    """Not asked yet."""


@dataclass(frozen=True, slots=True)
class Healthy:
    """It answered."""


@dataclass(frozen=True, slots=True)
class Unhealthy:
    """It did not, for this reason."""

    reason: str


Verdict = Unknown | Healthy | Unhealthy
