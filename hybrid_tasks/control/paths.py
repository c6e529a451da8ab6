"""Where the state, the files and the socket of a project are; every folder of ours is 0700 and really ours."""

from __future__ import annotations

import contextlib
import os
import stat
import tempfile
from collections.abc import Mapping
from pathlib import Path

from hybrid_tasks.control.peer import own_uid
from hybrid_tasks.errors import HybridError
from hybrid_tasks.process.workingcopy import project_identity

# A socket's address holds 108 bytes on Linux and 104 on macOS, the closing zero included.
LONGEST_SOCKET = 107 if os.uname().sysname == "Linux" else 103
NOTE = "socket"
TEMPORARY = "hybrid-tasks-"


def state_dir(root: Path, environ: Mapping[str, str]) -> Path:
    """Where the supervisor of a project keeps its lock, state, receipts and log; not created here.

    Args:
        root: the project's directory.
        environ: decides by `XDG_STATE_HOME` and `HOME`.

    Returns:
        `$XDG_STATE_HOME/hybrid-tasks/<project id>`.
    """
    configured = environ.get("XDG_STATE_HOME", "")
    if configured.startswith("/"):
        top = Path(configured)
    else:
        home = environ.get("HOME", "")
        top = (Path(home) if home.startswith("/") else _home_of_user()) / ".local" / "state"
    return top / "hybrid-tasks" / project_identity(root)


def _home_of_user() -> Path:
    import pwd

    try:
        return Path(pwd.getpwuid(own_uid()).pw_dir)
    except KeyError:
        raise HybridError("there is no home folder for the state", "set HOME or XDG_STATE_HOME") from None


def hybrid_dir(root: Path, environ: Mapping[str, str]) -> Path:
    """Where logs and artefacts are: in the project, or beside the state when the project cannot be written.

    Args:
        root: the project's directory.
        environ: as for `state_dir`.

    Returns:
        `.hybrid/` of the project, or `files/` of the state folder; not created here.
    """
    inside = root / ".hybrid"
    if os.access(inside, os.W_OK) or (not inside.exists() and os.access(root, os.W_OK)):
        return inside
    return state_dir(root, environ) / "files"


def own_folder(path: Path) -> Path:
    """Make a folder that only we can enter, and refuse one that is not.

    Args:
        path: the folder; its parents are made as well.

    Returns:
        the same path.

    Raises:
        HybridError: it is a link, a file, another user's or open to writing for others.
    """
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.mkdir(mode=0o700, exist_ok=True)
        found = path.lstat()
    except FileExistsError:
        raise HybridError(f"`{path}` is in the way: a folder of ours goes there", f"remove it: rm {path}") from None
    except OSError as error:
        raise HybridError(
            f"cannot make the folder `{path}`: {error.strerror}", "set XDG_STATE_HOME to a place that can be written"
        ) from None
    if not stat.S_ISDIR(found.st_mode):
        raise HybridError(f"`{path}` is a link, not a folder of ours", f"remove it: rm {path}")
    if found.st_uid != own_uid():
        raise HybridError(
            f"`{path}` belongs to user {found.st_uid}, not to us",
            f"give it back: sudo chown -R {own_uid()} {path}",
        )
    if found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise HybridError(f"others may write into `{path}`", f"chmod 0700 {path}")
    if found.st_mode & 0o077:
        path.chmod(0o700)
    return path


def socket_path(root: Path, environ: Mapping[str, str]) -> Path:
    """Where a supervisor started with this environment would listen.

    Args:
        root: the project's directory.
        environ: decides by `XDG_RUNTIME_DIR`, which must exist and be ours.

    Returns:
        the path, which may be too long for a socket (see `place_socket`).
    """
    runtime = environ.get("XDG_RUNTIME_DIR", "")
    if runtime.startswith("/") and _ours(Path(runtime)):
        return Path(runtime) / "hybrid-tasks" / f"{project_identity(root)}.sock"
    return state_dir(root, environ) / "control.sock"


def _ours(folder: Path) -> bool:
    try:
        found = folder.stat()
    except OSError:
        return False
    return stat.S_ISDIR(found.st_mode) and found.st_uid == own_uid() and not found.st_mode & stat.S_IWOTH


def place_socket(root: Path, environ: Mapping[str, str]) -> Path:
    """Choose where to listen, make the folder, and note the place where every client finds it.

    The note is why a client with another `XDG_RUNTIME_DIR` (cron, ssh, sudo) still finds the supervisor.

    Args:
        root: the project's directory.
        environ: of the supervisor.

    Returns:
        a path that fits into a socket's address, in a folder only we can enter.

    Raises:
        HybridError: a folder is not ours or cannot be made.
    """
    state = own_folder(state_dir(root, environ))
    path = socket_path(root, environ)
    if len(os.fsencode(path)) > LONGEST_SOCKET:
        path = _kept(known_socket(root, environ)) or Path(tempfile.mkdtemp(prefix=TEMPORARY)) / "s"
    own_folder(path.parent)
    fresh = state / f"{NOTE}.new"
    fresh.unlink(missing_ok=True)
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        os.write(descriptor, os.fsencode(path))
    finally:
        os.close(descriptor)
    fresh.replace(state / NOTE)
    return path


def _kept(noted: Path) -> Path | None:
    """The noted path when a killed supervisor left it in a temporary folder that is still ours alone."""
    try:
        found = noted.parent.lstat()
    except OSError:
        return None
    safe = stat.S_ISDIR(found.st_mode) and found.st_uid == own_uid() and not found.st_mode & 0o077
    return noted if safe and noted.parent.name.startswith(TEMPORARY) else None


def drop_socket(path: Path) -> None:
    """Remove a socket at the end of its server, and the temporary folder it may have had for itself."""
    path.unlink(missing_ok=True)
    if path.parent.name.startswith(TEMPORARY):
        with contextlib.suppress(OSError):
            path.parent.rmdir()


def known_socket(root: Path, environ: Mapping[str, str]) -> Path:
    """Where the supervisor of a project listens, if one runs.

    Args:
        root: the project's directory.
        environ: of this process.

    Returns:
        the noted path, or the one a supervisor would choose first.
    """
    try:
        noted = (state_dir(root, environ) / NOTE).read_bytes()[:4096]
    except OSError:
        noted = b""
    if noted.startswith(b"/") and b"\0" not in noted and len(noted) <= LONGEST_SOCKET:
        return Path(os.fsdecode(noted))
    return socket_path(root, environ)
