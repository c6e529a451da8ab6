"""What a plugin says about itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

API_VERSION = 1
"""The version of the hook contract that this host speaks."""


@dataclass(frozen=True, slots=True)
class Tool:
    """A program a stack needs: the executable's name and the line that installs it."""

    executable: str
    install: str
    version: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class StackInfo:
    """A stack plugin's claim to a name.

    Args:
        name: the stack's name in `hybrid.toml` and of its options table.
        title: for people.
        api: the hook contract's version, `API_VERSION`.
        tools: programs needed before any of its services can start.
        markers: file names whose presence hints at the stack (`go.mod`).
        options: the pydantic model class of the options table, or None.
    """

    name: str
    title: str
    api: int = API_VERSION
    tools: tuple[Tool, ...] = ()
    markers: tuple[str, ...] = ()
    options: type | None = None


@dataclass(frozen=True, slots=True)
class RuntimeInfo:
    """A runtime plugin's claim to a name."""

    name: str
    title: str
    api: int = API_VERSION
    tools: tuple[Tool, ...] = ()
    options: type | None = None


@dataclass(frozen=True, slots=True)
class GatewayInfo:
    """A gateway plugin's claim to a name.

    Args:
        name: the gateway's name, `kind` in `[gateway]`.
        title: for people.
        api: the hook contract's version, `API_VERSION`.
        tools: programs it needs.
        front: the program that serves what `gateway_render` gave; `{folder}` in a word stands for where that is.
            It ends at TERM. None: it cannot stand in front.
        options: the pydantic model class of its options, or None.
    """

    name: str
    title: str
    api: int = API_VERSION
    tools: tuple[Tool, ...] = ()
    front: tuple[str, ...] | None = None
    options: type | None = None


@dataclass(frozen=True, slots=True)
class Detected:
    """A stack's answer to "is this yours?".

    Args:
        score: 0 to 100.
        evidence: for people.
        options: for the stack's table.
        needs_port: the program cannot start without `port`.
    """

    score: int
    evidence: str
    options: Mapping[str, object] = field(default_factory=lambda: MappingProxyType({}))
    needs_port: bool = False
