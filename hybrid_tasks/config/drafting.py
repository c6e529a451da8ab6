"""The text of a first `hybrid.toml`: what was found as keys, the next things to set as comments."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from hybrid_tasks.config.literals import key, literal

_HEAD = """\
# What `inv dev-start` runs. Written by `inv dev-init` from what it found; it is yours from here on.
# Every key with its meaning: `inv dev-config --schema`. All paths are relative to this file.

[project]
name = {name}
#env = [".env"]                  # env files for every service; .env and .env.local are read if present
"""

_NONE = """
# No service was found. One looks like this:
#[services.api]
#dir = "services/api"            # its language is detected, or: stack = "go"
#command = ["npm", "run", "dev"] # any program of any language, instead of a stack
#port = 8080
#health = "/healthz"
#needs = ["db"]
"""


@dataclass(frozen=True, slots=True)
class Draft:
    """A service that was found.

    Args:
        name: what it will be called.
        dir: its directory, relative to the project.
        evidence: why it is one.
        stack: its stack, or None for a plain command.
        command: as a Procfile has it; set aside when a stack knows it.
        options: for the table of its stack.
        port: where it listens, as far as that was to be seen.
        needs_port: it does not start without one.
    """

    name: str
    dir: str
    evidence: str
    stack: str | None = None
    command: tuple[str, ...] | None = None
    options: Mapping[str, object] = field(default_factory=dict)
    port: int | None = None
    needs_port: bool = False


def draft(project: str, services: Iterable[Draft]) -> str:
    """Write a configuration.

    Args:
        project: its name.
        services: what was found.

    Returns:
        commented TOML.
    """
    parts = [_HEAD.format(name=literal("".join(one for one in project if one.isprintable()).strip() or "project"))]
    parts += [_service(one) for one in services] or [_NONE]
    return "".join(parts)


def _service(one: Draft) -> str:
    comment = " ".join("".join(c if c.isprintable() else " " for c in one.evidence).split())
    lines = ["", f"# {comment}", f"[services.{key(one.name)}]"]
    if one.stack is not None:
        lines.append(f"stack = {literal(one.stack)}")
    if one.dir != ".":
        lines.append(f"dir = {literal(one.dir)}")
    if one.command is not None:
        aside = "#" if one.stack else ""
        lines.append(f"{aside}command = {literal(one.command)}")
    if one.port is None:
        lines.append("#port = 8080                     # where it listens")
        lines.append('#health = "/healthz"             # what answers 200 when it is well; needs a port')
    else:
        lines.append(f"port = {one.port}")
        lines.append('#health = "/healthz"             # what answers 200 when it is well; else a connection is enough')
    lines.append('#needs = ["db"]                  # services that start first')
    options = [f"{key(name)} = {literal(value)}" for name, value in one.options.items() if _has_literal(value)]
    if one.stack is not None and options:
        lines += [f"[services.{key(one.name)}.{key(one.stack)}]", *options]
    return "\n".join(lines) + "\n"


def _has_literal(value: object) -> bool:
    try:
        literal(value)
    except TypeError:
        return False
    return True
