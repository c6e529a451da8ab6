"""Who starts before whom: everything about `needs` that can be said without running anything."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from types import MappingProxyType

from hybrid_tasks.model.project import Step
from hybrid_tasks.model.service import Service

STEP = "step:"
NO_STEPS: Mapping[str, Step] = MappingProxyType({})


def service_needs(needs: Iterable[str]) -> tuple[str, ...]:
    """Names of the services among needs."""
    return tuple(need for need in needs if not need.startswith(STEP))


def step_needs(needs: Iterable[str]) -> tuple[str, ...]:
    """Names of the one-shot steps among needs."""
    return tuple(need.removeprefix(STEP) for need in needs if need.startswith(STEP))


def _reached(needs: Iterable[str], steps: Mapping[str, Step]) -> Iterable[str]:
    """Names of the services among needs, those of needed steps included."""
    seen: set[str] = set()
    left = list(needs)
    while left:
        need = left.pop()
        if not need.startswith(STEP):
            yield need
        elif need not in seen and need.removeprefix(STEP) in steps:
            seen.add(need)
            left.extend(steps[need.removeprefix(STEP)].needs)


def with_needs(
    services: Mapping[str, Service], names: Iterable[str], steps: Mapping[str, Step] = NO_STEPS
) -> tuple[str, ...]:
    """Add what is needed, directly or not, also by the steps that are needed.

    Args:
        services: all services of the project.
        names: what was asked for.
        steps: all steps of the project.

    Returns:
        the names in the order of the project.
    """
    found: set[str] = set()
    left = list(names)
    while left:
        name = left.pop()
        if name not in found:
            found.add(name)
            left.extend(_reached(services[name].needs, steps))
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
        more = {name for name, service in services.items() if found.intersection(service_needs(service.needs))}
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
    left = {name: asked.intersection(service_needs(services[name].needs)) for name in names}
    found: list[tuple[str, ...]] = []
    while left:
        wave = tuple(name for name, needs in left.items() if not needs & left.keys())
        found.append(wave)
        for name in wave:
            del left[name]
    return tuple(found)
