"""Who starts before whom: everything about `needs` that can be said without running anything."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from hybrid_tasks.model.service import Service

STEP = "step:"


def service_needs(service: Service) -> tuple[str, ...]:
    """Names of the services it needs."""
    return tuple(need for need in service.needs if not need.startswith(STEP))


def step_needs(service: Service) -> tuple[str, ...]:
    """Names of the one-shot steps it needs."""
    return tuple(need.removeprefix(STEP) for need in service.needs if need.startswith(STEP))


def with_needs(services: Mapping[str, Service], names: Iterable[str]) -> tuple[str, ...]:
    """Add what is needed, directly or not.

    Args:
        services: all services of the project.
        names: what was asked for.

    Returns:
        the names in the order of the project.
    """
    found: set[str] = set()
    left = list(names)
    while left:
        name = left.pop()
        if name not in found:
            found.add(name)
            left.extend(service_needs(services[name]))
    return tuple(name for name in services if name in found)


def with_dependants(services: Mapping[str, Service], names: Iterable[str]) -> tuple[str, ...]:
    """Add what cannot run without them, directly or not.

    Args:
        services: all services of the project.
        names: what shall stop.

    Returns:
        the names in the order of the project.
    """
    found = set(names)
    grown = True
    while grown:
        more = {name for name, service in services.items() if found.intersection(service_needs(service))}
        grown = not more <= found
        found |= more
    return tuple(name for name in services if name in found)


def waves(services: Mapping[str, Service], names: Collection[str]) -> tuple[tuple[str, ...], ...]:
    """Sort services into waves: each needs only what earlier waves hold (or what was not asked for).

    Args:
        services: all services of the project, without cycles.
        names: which of them.

    Returns:
        the waves in starting order; stopping goes backwards.
    """
    asked = set(names)
    left = {name: asked.intersection(service_needs(services[name])) for name in names}
    found: list[tuple[str, ...]] = []
    while left:
        wave = tuple(name for name, needs in left.items() if not needs & left.keys())
        found.append(wave)
        for name in wave:
            del left[name]
    return tuple(found)
