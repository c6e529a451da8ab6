"""What an instance is given beside its source that the one before it was not."""

from __future__ import annotations

from dataclasses import fields

from hybrid_tasks.config.written import key_of
from hybrid_tasks.model.service import Service
from hybrid_tasks.supervisor.setting import Given, Setting

MOST_NAMES = 5
"""Names of variables in one reason."""
UNTOLD = "env"
"""The key of a service that is no reason of its own: the environment tells it."""


def news(before: Setting | None, now: Setting | None) -> str:
    """Say in which table and which variables two instances differ.

    Args:
        before: what the last one that served was started with, None when none has.
        now: what the latest was started with.

    Returns:
        `.env changed (DEBUG), hybrid.toml changed (port)`, without any value; empty when nothing is new.
    """
    if before is None or now is None:
        return ""
    reasons = _variables(before.given, now.given) if before.given and now.given else []
    counted = (field.name for field in fields(Service) if field.compare and field.name != UNTOLD)
    differing = (name for name in counted if getattr(before.service, name) != getattr(now.service, name))
    keys = list(dict.fromkeys(key_of(name, now.service) for name in differing))
    if keys:
        file = now.service.origin.file.name if now.service.origin else "configuration"
        reasons.append(f"{file} changed ({', '.join(keys)})")
    if before.program and now.program and before.program != now.program and "command" not in keys:
        what = "program" if now.service.stack is None else "interpreter"
        reasons.append(f"{what} changed ({before.program} to {now.program})")
    return ", ".join(reasons)


def _variables(before: Given, now: Given) -> list[str]:
    """The names of variables that are new, other or gone, by where they come from."""
    old, new = before.own(), now.own()
    found: dict[str, list[str]] = {}
    for name in sorted(old.keys() | new.keys()):
        if old.get(name) != new.get(name):
            found.setdefault(now.places.get(name) or before.places[name], []).append(name)
    return [f"{place} changed ({_some(names)})" for place, names in found.items()]


def _some(names: list[str]) -> str:
    more = len(names) - MOST_NAMES
    return ", ".join(names[:MOST_NAMES]) + (f" and {more} more" if more > 0 else "")
