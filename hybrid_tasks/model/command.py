"""A program to run, as an argument vector and never as a shell string."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

NO_VARIABLES: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Command:
    """A program with its arguments, directory and the variables it needs beyond the service's own.

    Args:
        argv: the program and its arguments, each passed byte for byte.
        cwd: the directory it runs in.
        env: variables laid over the service's environment.
        secrets: names of variables whose values are never printed.
    """

    argv: tuple[str, ...]
    cwd: Path
    env: Mapping[str, str] = field(default_factory=lambda: NO_VARIABLES)
    secrets: frozenset[str] = frozenset()
