"""The project as its files describe it, loaded together with its plugins, and whether the files moved on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from hybrid_tasks.config.inputs import inputs
from hybrid_tasks.config.resolve import configuration, preferences
from hybrid_tasks.config.resolve import load as resolve
from hybrid_tasks.errors import HybridError, Mistakes
from hybrid_tasks.model.project import Project
from hybrid_tasks.plugin.host import Host

Stamp = tuple[tuple[str, int, int], ...]


@dataclass(frozen=True, slots=True)
class Loaded:
    """A checked project with its plugins, the stat figures of the files it came from, and for whose environment."""

    project: Project
    host: Host
    stamp: Stamp
    environ: Mapping[str, str] = field(default_factory=dict, repr=False)

    def changed(self) -> bool:
        """Whether a file it was read from is not what it was."""
        return self.stamp != _stamp(self.project)

    def mistakes(self) -> list[HybridError]:
        """Everything that is wrong with its files as they are now, so that the next command would refuse them."""
        try:
            load(self.project.root, self.environ, self.project.mode, self.host)
        except Mistakes as wrong:
            return wrong.mistakes
        except HybridError as wrong:
            return [wrong]
        return []


def load(root: Path, environ: Mapping[str, str], mode: str | None = None, host: Host | None = None) -> Loaded:
    """Load plugins and configuration.

    Args:
        root: the project's directory.
        environ: of the client that asked.
        mode: the mode to resolve for; None: the default one.
        host: plugins loaded before.

    Returns:
        the project, checked as a whole.

    Raises:
        Mistakes: the configuration is wrong, with every mistake in it.
    """
    source = configuration(root)
    if host is None:
        host = Host.load(root, prefer=preferences(source), environ=environ)
    project = resolve(root, host, environ=environ, mode=mode, source=source)
    return Loaded(project, host, _stamp(project), environ)


def _stamp(project: Project) -> Stamp:
    stamp = []
    for file in inputs(project):
        try:
            found = file.stat()
            stamp.append((str(file), found.st_mtime_ns, found.st_size))
        except OSError:
            stamp.append((str(file), 0, -1))
    return tuple(stamp)
