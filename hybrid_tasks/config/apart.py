"""What lies in a service's directory and is not its source: the project's own files, and other services.

A project's files are read by us, at the next command that acts: `hybrid.toml`, the env files, `hybrid_plugins.py`,
and the `tasks.py` of `inv`. A service that is a plain command may run anything of its directory except the directories
of other services. A stack knows which files matter to its language, and a program may well import what another
service's directory holds, so that there only the project's own files are left out.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from hybrid_tasks.config.locate import CONFIG
from hybrid_tasks.config.surroundings import ENV, LOCAL, Surroundings
from hybrid_tasks.plugin.records import LOCAL as PLUGINS

TASKS = ("tasks.py", "tasks/__init__.py")
"""Where `inv` finds its tasks; other programs call a module of theirs so, too."""


@dataclass(frozen=True, slots=True)
class Apart:
    """What no service of a project is made from, and the directories of all services, as text."""

    files: tuple[str, ...]
    directories: tuple[str, ...]

    def of(self, directory: Path, watch: Iterable[Path], *, stack: str | None) -> tuple[Path, ...]:
        """Give what is left out for one service: what lies strictly below its directory.

        Args:
            directory: the service's.
            watch: the files and directories that it names; they and what lies below them are its source.
            stack: the service's; None for a plain command.

        Returns:
            absolute paths, each once.
        """
        home, named = _with_slash(directory), tuple(map(_with_slash, watch))
        candidates = self.files if stack is not None else (*self.files, *self.directories)
        below = (path for path in candidates if path.startswith(home) and not f"{path}/".startswith(named))
        return tuple(map(Path, dict.fromkeys(below)))


def apart(root: Path, around: Surroundings) -> Apart:
    """Look at what a project's own files are, and where its services live.

    Args:
        root: the project's directory.
        around: what its configuration names.
    """
    named = (*around.env, *(file for files in around.mode_env.values() for file in files))
    own = (file for service in around.services.values() for file in service.env_file)
    files = (root / CONFIG, root / PLUGINS, root / ENV, root / LOCAL, *_tasks(root), *named, *own)
    homes = [service.directory for service in around.services.values() if service.directory is not None]
    directories = (os.fspath(path) for home in homes for path in (home, home.resolve()))
    return Apart(tuple(dict.fromkeys(map(os.fspath, files))), tuple(dict.fromkeys(directories)))


def _tasks(root: Path) -> Iterator[Path]:
    """The file with the tasks of `inv`, if it is that: Celery's is called so as well."""
    for name in TASKS:
        file = root / name
        try:
            if b"hybrid_tasks" in file.read_bytes():
                yield file
        except OSError:
            continue


def _with_slash(path: Path) -> str:
    return f"{path}/" if path != path.parent else "/"
