"""`dev-clean`: exactly what would be removed, and its removal; never anything that is not the project's own."""

from __future__ import annotations

import errno
import os
import shlex
import shutil
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from hybrid_tasks.control.messages import Request
from hybrid_tasks.control.paths import hybrid_dir
from hybrid_tasks.engine.mounts import mounted_in
from hybrid_tasks.errors import HybridError, WrongInput
from hybrid_tasks.model.command import Command
from hybrid_tasks.plugin import routing
from hybrid_tasks.supervisor.loaded import Loaded


def answer(loaded: Loaded, request: Request, running: frozenset[str] = frozenset()) -> object:
    """List what `dev-clean` would remove, or remove what the user agreed to.

    Args:
        loaded: the project.
        request: `caches` adds the stacks' caches; with `apply`, `paths` and `commands` are what was agreed to.
        running: services that run now: what they use stays.

    Returns:
        every path with its size in bytes, the commands to run, and what is left out and why; or what was removed, and
        the commands for the client to run.

    Raises:
        WrongInput: something agreed to is not in the list any more.
    """
    candidates = _candidates(loaded, caches=request.args["caches"], environ=request.env or {})
    everything = [_unless_mounted(at) for at in candidates]
    found = {at.path: at for at in everything if not at.why and at.service not in running}
    commands = {shlex.join(one.argv): one for one in _commands(loaded, running, caches=request.args["caches"])}
    if not request.args["apply"]:
        skipped = [
            {"path": str(at.path), "bytes": _size(at.path), "service": at.service, "why": at.why or _used(at)}
            for at in everything
            if at.path not in found
        ]
        listed = [{"path": str(path), "bytes": _size(path)} for path in found]
        return {"paths": listed, "commands": [list(one.argv) for one in commands.values()], "skipped": skipped}
    agreed = [Path(path) for path in request.args["paths"]]
    if strangers := [path for path in agreed if path not in found]:
        raise WrongInput(f"`{strangers[0]}` is not (or no longer) ours to remove", "run `inv dev-clean` again")
    if others := [words for words in request.args["commands"] if words not in commands]:
        raise WrongInput(f"`{others[0]}` is not (or no longer) what cleans", "run `inv dev-clean` again")
    for path in agreed:
        _remove(path, found[path].inside)
    left = [commands[words] for words in request.args["commands"]]
    return {"removed": [str(path) for path in agreed], "commands": [_told(one, request.env or {}) for one in left]}


def _commands(loaded: Loaded, running: frozenset[str], *, caches: bool) -> Iterator[Command]:
    """What the runtimes run to clean up, and the stacks of services that do not run."""
    yield from routing.project_clean(loaded.host, loaded.project).commands
    for service in loaded.project.services.values():
        if caches and service.name not in running:
            yield from routing.clean_plan(loaded.host, service).commands


def _told(command: Command, environ: Mapping[str, str]) -> dict[str, object]:
    return {"argv": list(command.argv), "cwd": str(command.cwd), "env": {**environ, **command.env}}


@dataclass(frozen=True, slots=True)
class _Found:
    """Something of ours: the directory it must lie in, and why it stays (empty: it need not)."""

    path: Path
    inside: Path
    service: str
    why: str = ""


def _used(found: _Found) -> str:
    return f"in use by {found.service}"


def _candidates(loaded: Loaded, *, caches: bool, environ: Mapping[str, str]) -> Iterator[_Found]:
    """Everything that is ours to remove, with the service that uses it."""
    folder = hybrid_dir(loaded.project.root, environ)
    inside = folder.parent.resolve()
    for kind in ("artefacts", "logs", *(("cache",) if caches else ())):
        above = folder / kind
        link = next((path for path in (folder, above) if path.is_symlink()), None)
        if link is not None:
            yield _Found(link, inside, "", "a link, which may lead to what is not ours")
        elif above.is_dir():
            yield from (_Found(path, inside, path.name) for path in sorted(above.iterdir()))
    for path in routing.project_clean(loaded.host, loaded.project).paths:
        if os.path.lexists(path):
            yield _Found(path, loaded.project.root.resolve(), "")
    if not caches:
        return
    for service in loaded.project.services.values():
        home = service.directory.resolve()
        for path in routing.clean_plan(loaded.host, service).paths:
            lies = Path(os.path.abspath(path)).is_relative_to(service.directory)  # noqa: PTH100 - links stay links
            if lies and path != service.directory and os.path.lexists(path):
                yield _Found(path, home, service.name)


def _unless_mounted(found: _Found) -> _Found:
    """What is mounted in a folder of ours is not ours: it stays, and the folder with it."""
    mounted = not found.path.is_symlink() and mounted_in(str(found.path))
    return replace(found, service="", why="something is mounted there") if mounted else found


def _size(path: Path) -> int:
    if path.is_symlink() or not path.is_dir():
        return path.lstat().st_size
    return sum(
        os.lstat(os.path.join(where, name)).st_size  # noqa: PTH118 - a Path per file is slow
        for where, _, names in os.walk(path)
        for name in names
    )


def _remove(path: Path, inside: Path) -> None:
    """Remove a tree without following a link out of `inside`, also one that appeared a moment ago."""
    try:
        above = _opened(path.parent, inside)
        try:
            if stat.S_ISDIR(os.lstat(path.name, dir_fd=above).st_mode):
                shutil.rmtree(path.name, dir_fd=above)
            else:
                os.unlink(path.name, dir_fd=above)
        except FileNotFoundError:
            return
        finally:
            os.close(above)
    except OSError as error:
        raise HybridError(f"cannot remove `{path}`: {error.strerror}", f"see who owns it: ls -ld {path}") from error


def _opened(folder: Path, inside: Path) -> int:
    """Open a directory step by step from one that is known, so that no link is passed on the way."""
    there = folder.parent.resolve() / folder.name if folder != inside else inside
    if not there.is_relative_to(inside):
        raise OSError(errno.ELOOP, "a link leads out of the project")
    way = there.relative_to(inside)
    flags = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
    here = os.open(inside, flags)
    for name in way.parts:
        try:
            below = os.open(name, flags | os.O_NOFOLLOW, dir_fd=here)
        finally:
            os.close(here)
        here = below
    return here
