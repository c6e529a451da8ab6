"""What happened, told to clients, observers and the dashboard."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened.

    Args:
        kind: `state`, `stage`, `receipt`, `held`, `note`, `plugin`.
        at: seconds since the epoch.
        service: the service it is about, or None.
        data: JSON-ready details.
    """

    kind: str
    at: float
    service: str | None = None
    data: Mapping[str, object] = field(default_factory=lambda: MappingProxyType({}))
