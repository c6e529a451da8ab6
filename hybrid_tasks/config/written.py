"""A project in the words of `hybrid.toml`: what is told of it can be written there."""

from __future__ import annotations

from hybrid_tasks.model.service import Service

_KEYS = {"directory": "dir", "pace": "health", "apart": "watch"}


def key_of(field: str, service: Service) -> str:
    """Give the key of `hybrid.toml` that a field of a service comes from.

    Args:
        field: its name in `Service`.
        service: whose.
    """
    named = {"options": service.stack or "stack", "runtime_options": service.runtime}
    return {**_KEYS, **named}.get(field, field)
