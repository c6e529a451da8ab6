"""What configuration needs to know of the installed plugins, taken from the host once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from hybrid_tasks.model.info import Detected, RuntimeInfo, StackInfo
from hybrid_tasks.plugin import routing
from hybrid_tasks.plugin.host import Host
from hybrid_tasks.plugin.records import PluginRecord

NATIVE = "native"
COMPOSE = "compose"

Detect = Callable[[Path, tuple[str, ...] | None], list[tuple[str, Detected]]]
"""Asks every stack about a directory and a command; the highest score first."""


@dataclass(frozen=True, slots=True)
class Installed:
    """The plugins as configuration sees them.

    Args:
        stacks: by name.
        runtimes: by name.
        silent: broken and switched off plugins, by every name they may have brought. Services that use them are
            carried (and blocked when they start), for one broken plugin must not stop the rest of a project.
        detect: asks every stack about a directory.
    """

    stacks: Mapping[str, StackInfo]
    runtimes: Mapping[str, RuntimeInfo]
    silent: Mapping[str, PluginRecord]
    detect: Detect

    @property
    def tables(self) -> frozenset[str]:
        """The names of options tables a service may have."""
        stacks = {name for name, stack in self.stacks.items() if stack.options is not None}
        return frozenset(stacks | {name for name, runtime in self.runtimes.items() if runtime.options} | {*self.silent})

    @property
    def lost(self) -> str | None:
        """The stack that a broken or switched off plugin would have brought, if there is one."""
        for name, record in self.silent.items():
            if record.runtime is record.gateway is None and name != NATIVE and (record.stack or not record.hooks):
                return record.stack or name
        return None


def installed(host: Host, detect: Detect | None = None) -> Installed:
    """Ask a host what is there.

    Args:
        host: the loaded plugins.
        detect: asks every stack about a directory (default: the host's stacks).

    Returns:
        its stacks, runtimes and silent plugins.
    """
    silent = {
        name: record
        for record in host.plugins
        if record.trouble
        for name in (record.name, record.stack, record.runtime)
        if name is not None and name not in {*host.stacks, *host.runtimes}
    }
    return Installed(host.stacks, host.runtimes, silent, detect or _detector(host))


def _detector(host: Host) -> Detect:
    def detect(directory: Path, command: tuple[str, ...] | None) -> list[tuple[str, Detected]]:
        return routing.detect(host, directory, None, command)

    return detect
