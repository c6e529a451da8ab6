"""What lies in a service's directory and is another one's: that changes with the others, and concerns no instance."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from hybrid_tasks.model.service import Service
from hybrid_tasks.supervisor.unit import ServiceUnit


def set_apart(units: Iterable[ServiceUnit], services: Mapping[str, Service]) -> None:
    """Have services watched anew that share their directories with others than before; none of them is swapped.

    Args:
        units: of all services that were ever wanted; one whose own table changed takes everything at its next start.
        services: as configured now.
    """
    for unit in units:
        service = services.get(unit.service.name)
        if service is not None and service == unit.service and service.apart != unit.service.apart:
            unit.reconfigure(service)
            unit.dirty(None)
