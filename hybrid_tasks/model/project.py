"""A project: its services and how they are run together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from hybrid_tasks.model.service import Origin, Service


@dataclass(frozen=True, slots=True)
class Mode:
    """A named choice of compose files, profiles, env files and runtimes.

    `native` None means every service runs as its own table says.
    """

    name: str
    compose: tuple[Path, ...] = ()
    profiles: tuple[str, ...] = ()
    env: tuple[Path, ...] = ()
    native: tuple[str, ...] | None = None
    hot_reload: bool = True


@dataclass(frozen=True, slots=True)
class Step:
    """A one-shot command of the project; `run` is an argument vector."""

    name: str
    run: tuple[str, ...]
    directory: Path
    needs: tuple[str, ...] = ()
    origin: Origin | None = None


@dataclass(frozen=True, slots=True)
class Project:
    """A directory with `hybrid.toml`, fully resolved and checked."""

    name: str
    root: Path
    file: Path | None
    services: Mapping[str, Service]
    modes: Mapping[str, Mode] = field(default_factory=lambda: MappingProxyType({}))
    mode: str | None = None
    env: tuple[Path, ...] = ()
    compose: tuple[Path, ...] = ()
    steps: Mapping[str, Step] = field(default_factory=lambda: MappingProxyType({}))
    pass_env: tuple[str, ...] = ()
    gateway: Mapping[str, object] | None = None
    cluster: Mapping[str, object] | None = None
    warnings: tuple[str, ...] = ()
