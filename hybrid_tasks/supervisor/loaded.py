"""The project as its files describe it, loaded together with its plugins, and whether the files moved on."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from hybrid_tasks.config.inputs import inputs
from hybrid_tasks.config.resolve import configuration, preferences
from hybrid_tasks.config.resolve import load as resolve
from hybrid_tasks.errors import HybridError, Mistakes
from hybrid_tasks.model.project import Project, Step
from hybrid_tasks.plugin.host import Host
from hybrid_tasks.supervisor.order import NO_STEPS

logger = logging.getLogger(__name__)

Stamp = tuple[tuple[str, int, int], ...]
KEPT, KEPT_FACTOR = 1.0, 100
"""Seconds, and times that it took, for which an answer about edited files is kept: it asks every stack."""


@dataclass(slots=True)
class _Answered:
    """What was wrong with edited files when somebody asked last: of which stamp, and until when that is kept."""

    last: tuple[Stamp, float, list[HybridError]] | None = None


@dataclass(frozen=True, slots=True)
class Loaded:
    """A checked project with its plugins, the stat figures of the files it came from, and for whose environment."""

    project: Project
    host: Host
    stamp: Stamp
    environ: Mapping[str, str] = field(default_factory=dict, repr=False)
    _answered: _Answered = field(default_factory=_Answered, repr=False, compare=False)

    def changed(self) -> bool:
        """Whether a file it was read from is not what it was."""
        return self.stamp != _stamp(self.project)

    def mistakes(self, now: float) -> list[HybridError]:
        """Everything that is wrong with its files as they are now, so that the next command would refuse them.

        Args:
            now: monotonic seconds. The answer is kept for a while, as people and editors ask again and again; not for
                ever, because a directory that was missing may be there by now.
        """
        stamp, last = _stamp(self.project), self._answered.last
        if last is not None and last[0] == stamp and now < last[1]:
            return last[2]
        begun = time.monotonic()
        found = self._refused()
        until = now + max(KEPT, (time.monotonic() - begun) * KEPT_FACTOR)
        self._answered.last = stamp, until, found
        return found

    def _refused(self) -> list[HybridError]:
        try:
            load(self.project.root, self.environ, self.project.mode, self.host)
        except Mistakes as wrong:
            return wrong.mistakes
        except HybridError as wrong:
            return [wrong]
        except Exception as error:  # the status of what runs is told whatever the files hold
            words = " ".join(str(error).split())
            logger.exception("what the edited files say cannot be told")
            return [
                HybridError(f"unexpected {type(error).__name__}: {words}", "the supervisor's log has the traceback")
            ]
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


def steps_of(loaded: Loaded | None) -> Mapping[str, Step]:
    """All steps of a project, none before it was loaded."""
    return loaded.project.steps if loaded is not None else NO_STEPS


def _stamp(project: Project) -> Stamp:
    stamp = []
    for file in inputs(project):
        try:
            found = file.stat()
            stamp.append((str(file), found.st_mtime_ns, found.st_size))
        except OSError:
            stamp.append((str(file), 0, -1))
    return tuple(stamp)
