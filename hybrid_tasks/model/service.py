"""One program of a project, as its configuration describes it once everything is resolved."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from types import MappingProxyType

from hybrid_tasks.model.probe import Pace, Probe
from hybrid_tasks.model.watching import Debounce


class Listen(Enum):
    """Who owns the listening socket of a service."""

    AUTO = "auto"
    INHERIT = "inherit"
    FRONT = "front"
    OWN = "own"


class Launch(Enum):
    """Whether a new instance starts next to the old one or in its place."""

    AUTO = "auto"
    BESIDE = "beside"
    REPLACE = "replace"


class Restart(Enum):
    """What happens when an instance ends by itself."""

    AUTO = "auto"
    ALWAYS = "always"
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One named port of a service (`inside_port` differs only inside a container)."""

    name: str
    port: int
    inside_port: int | None = None
    path: str = ""
    listen: Listen = Listen.AUTO


@dataclass(frozen=True, slots=True)
class Stop:
    """How an instance is asked to end: a signal name without SIG, and seconds of grace before KILL."""

    signal: str = "TERM"
    grace: float = 2.0


@dataclass(frozen=True, slots=True)
class Origin:
    """The place in a file where something was written."""

    file: Path
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


@dataclass(frozen=True, slots=True)
class Service:
    """One program of a project.

    `stack` is the name of the stack that knows its language, or None for a plain `command`.
    `command`, `build` and `check` are the user's own argument vectors and win over the stack's.
    `options` is the stack's own table (`[services.api.go]`), an instance of the model the stack
    names in its info, `runtime_options` that of its runtime. Paths are absolute. `watch` adds roots to
    those of the stack, `ignore` adds gitignore lines; `apart` is what lies below `directory` and is not its source, as
    `hybrid.toml` or another service's directory. `hot_reload` False: never watched. `evidence` is what a
    stack found that nobody named, for people. `environ` is the environment
    that its programs get, as resolved at the moment when a plugin is asked, None where that is not known.
    Two services are equal when an instance of one needs no restart to be one of the other: `apart`, `origin`,
    `evidence` and `environ` are no part of that.
    """

    name: str
    directory: Path
    stack: str | None = None
    runtime: str = "native"
    command: tuple[str, ...] | None = None
    build: tuple[str, ...] | None = None
    check: tuple[str, ...] | None = None
    args: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    env_file: tuple[Path, ...] = ()
    port: int | None = None
    ports: tuple[Endpoint, ...] = ()
    host: str = "127.0.0.1"
    port_env: str | None = None
    listen: Listen = Listen.AUTO
    launch: Launch = Launch.AUTO
    health: Probe | None = None
    pace: Pace = Pace()
    needs: tuple[str, ...] = ()
    watch: tuple[Path, ...] = ()
    ignore: tuple[str, ...] = ()
    apart: tuple[Path, ...] = field(default=(), compare=False)
    debounce: Debounce | None = None
    restart: Restart = Restart.AUTO
    optional: bool = False
    stop: Stop = Stop()
    options: object = None
    runtime_options: object = None
    hot_reload: bool = True
    origin: Origin | None = field(default=None, compare=False)
    evidence: str = field(default="", compare=False)
    environ: Mapping[str, str] | None = field(default=None, compare=False, repr=False)

    def variables(self) -> Mapping[str, str]:
        """The environment that its programs get; where that is not known, this process's own with `env`."""
        return {**os.environ, **self.env} if self.environ is None else self.environ
