"""`dev-clean`: exactly what would be removed, and its removal; never anything that is not the project's own."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

from hybrid_tasks.control.messages import Request
from hybrid_tasks.control.paths import hybrid_dir
from hybrid_tasks.errors import HybridError, WrongInput
from hybrid_tasks.plugin import routing
from hybrid_tasks.supervisor.loaded import Loaded


def answer(loaded: Loaded, request: Request, running: frozenset[str] = frozenset()) -> object:
    """List what `dev-clean` would remove, or remove what the user agreed to.

    Args:
        loaded: the project.
        request: `caches` adds the stacks' caches; with `apply`, `paths` is what was agreed to.
        running: services that run now: what they use stays.

    Returns:
        every path with its size in bytes and what is left out and why, or what was removed.

    Raises:
        WrongInput: something agreed to is not in the list any more.
    """
    everything = list(_candidates(loaded, caches=request.args["caches"], environ=request.env or {}))
    found = [path for path, service in everything if service not in running]
    if not request.args["apply"]:
        skipped = [
            {"path": str(path), "bytes": _size(path), "service": service, "why": f"in use by {service}"}
            for path, service in everything
            if service in running
        ]
        listed = [{"path": str(path), "bytes": _size(path)} for path in found]
        return {"paths": listed, "commands": [], "skipped": skipped}
    agreed = [Path(path) for path in request.args["paths"]]
    if strangers := [path for path in agreed if path not in found]:
        raise WrongInput(f"`{strangers[0]}` is not (or no longer) ours to remove", "run `inv dev-clean` again")
    for path in agreed:
        _remove(path)
    return {"removed": [str(path) for path in agreed]}


def _candidates(loaded: Loaded, *, caches: bool, environ: Mapping[str, str]) -> Iterator[tuple[Path, str]]:
    """Everything that is ours to remove, with the service that uses it."""
    folder = hybrid_dir(loaded.project.root, environ)
    for kind in ("artefacts", "logs"):
        if (folder / kind).is_dir():
            yield from ((path, path.name) for path in sorted((folder / kind).iterdir()))
    if not caches:
        return
    for service in loaded.project.services.values():
        for path in routing.clean_plan(loaded.host, service).paths:
            inside = Path(os.path.abspath(path)).is_relative_to(service.directory)  # noqa: PTH100 - links stay links
            if inside and path != service.directory and os.path.lexists(path):
                yield path, service.name


def _size(path: Path) -> int:
    if path.is_symlink() or not path.is_dir():
        return path.lstat().st_size
    return sum(
        os.lstat(os.path.join(where, name)).st_size  # noqa: PTH118 - a Path per file is slow
        for where, _, names in os.walk(path)
        for name in names
    )


def _remove(path: Path) -> None:
    """Remove a tree without following a link out of it."""
    try:
        if path.is_symlink() or not path.is_dir():
            path.unlink(missing_ok=True)
        else:
            shutil.rmtree(path)
    except OSError as error:
        raise HybridError(f"cannot remove `{path}`: {error.strerror}", f"see who owns it: ls -ld {path}") from error
