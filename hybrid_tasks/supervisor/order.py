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


def reached(needs: Iterable[str], steps: Mapping[str, Step], asked: Collection[str] = ()) -> set[str]:
    """Look through the steps among needs: what is there is the service that such a step needs.

    Args:
        needs: of a service or of a step.
        steps: all steps of the project.
        asked: steps, as needs name them, that are not looked through but found.

    Returns:
        names of services, and of the steps that were asked for.
    """
    found: set[str] = set()
    seen: set[str] = set()
    left = list(needs)
    while left:
        need = left.pop()
        if not need.startswith(STEP) or need in asked:
            found.add(need)
        elif need not in seen and need.removeprefix(STEP) in steps:
            seen.add(need)
            left.extend(steps[need.removeprefix(STEP)].needs)
    return found


def needed_steps(services: Mapping[str, Service], names: Iterable[str], steps: Mapping[str, Step]) -> tuple[str, ...]:
    """Give the steps that run before services, also those that other steps need.

    Args:
        services: all services of the project.
        names: which of them.
        steps: all steps of the project.

    Returns:
        the steps as needs name them, in the order of the project.
    """
    found: set[str] = set()
    left = [need for name in names for need in step_needs(services[name].needs)]
    while left:
        step = left.pop()
        if step not in found and step in steps:
            found.add(step)
            left.extend(step_needs(steps[step].needs))
    return tuple(STEP + step for step in steps if step in found)


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
            left.extend(reached(services[name].needs, steps))
    return tuple(name for name in services if name in found)


def with_dependants(
    services: Mapping[str, Service], names: Iterable[str], steps: Mapping[str, Step] = NO_STEPS
) -> tuple[str, ...]:
    """Add what cannot run without them, directly or not, also because of steps that need them.

    Args:
        services: all services of the project.
        names: what shall stop.
        steps: all steps of the project.

    Returns:
        the names in the order of the project.
    """
    found = set(names)
    grown = True
    while grown:
        more = {name for name, service in services.items() if found.intersection(reached(service.needs, steps))}
        grown = not more <= found
        found |= more
    return tuple(name for name in services if name in found)


def waves(
    services: Mapping[str, Service], names: Collection[str], steps: Mapping[str, Step] = NO_STEPS
) -> tuple[tuple[str, ...], ...]:
    """Sort services into waves: each needs only what earlier waves hold (or what was not asked for).

    Args:
        services: all services of the project, without cycles.
        names: which of them; steps too, as needs name them. Those that are not asked for are looked through.
        steps: all steps of the project.

    Returns:
        the waves in starting order; stopping goes backwards.
    """
    asked = set(names)
    things = {name: steps[name.removeprefix(STEP)] if name.startswith(STEP) else services[name] for name in names}
    left = {name: asked.intersection(reached(thing.needs, steps, asked)) for name, thing in things.items()}
    found: list[tuple[str, ...]] = []
    while left:
        wave = tuple(name for name, needs in left.items() if not needs & left.keys())
        found.append(wave)
        for name in wave:
            del left[name]
    return tuple(found)
