"""The state file: what is wanted, written so that a kill at any moment leaves the old file or the new one."""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from hybrid_tasks.errors import HybridError

FILE = "state.json"
"""Its name in the state folder."""
SCHEMA = 1
LARGEST = 4 * 1024 * 1024


class StateNewer(HybridError):
    """The state file was written by a newer version."""


@dataclass(frozen=True, slots=True)
class State:
    """What must be known after a supervisor died.

    Args:
        root: the project's directory.
        boot: the boot id of the machine when it was written.
        mode: the mode the services were started in.
        wanted: names of the services that shall run.
        env: the client's allow-listed variables.
        pid: of the supervisor that wrote it, 0 after a clean end.
    """

    root: str
    boot: str = ""
    mode: str | None = None
    wanted: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict)
    pid: int = 0


def _checksum(body: str) -> str:
    return hashlib.sha256(body.encode()).hexdigest()[:16]


def write(file: Path, state: State) -> None:
    """Write the state: temporary file, fsync, rename; the previous one is kept beside it.

    Args:
        file: the state file, in a folder of ours.
        state: what to write.

    Raises:
        OSError: the disk is full or the folder cannot be written; the old state is intact.
    """
    body = json.dumps({**asdict(state), "env": dict(state.env), "wanted": list(state.wanted)}, sort_keys=True)
    text = json.dumps({"schema": SCHEMA, "checksum": _checksum(body), "state": json.loads(body)})
    fresh = file.with_name(file.name + ".new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        os.write(descriptor, text.encode())
        os.fsync(descriptor)
    except OSError:
        fresh.unlink(missing_ok=True)
        raise
    finally:
        os.close(descriptor)
    if file.is_file() and not file.is_symlink():
        kept = file.with_name(file.name + ".previous")
        kept.unlink(missing_ok=True)
        os.link(file, kept)
    fresh.replace(file)
    folder = os.open(file.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _parse(file: Path) -> State | None:
    if file.is_symlink() or not file.is_file() or file.stat().st_size > LARGEST:
        return None
    try:
        outer = json.loads(file.read_bytes())
    except (ValueError, RecursionError):
        return None
    if not isinstance(outer, dict):
        return None
    schema = outer.get("schema")
    if isinstance(schema, int) and schema > SCHEMA:
        raise StateNewer(
            f"`{file}` was written by a newer hybrid-tasks (schema {schema}, this one knows {SCHEMA})",
            "upgrade hybrid-tasks, or move that file away",
        )
    body = outer.get("state")
    if not isinstance(body, dict) or _checksum(json.dumps(body, sort_keys=True)) != outer.get("checksum"):
        return None
    try:
        return State(**{**body, "wanted": tuple(body["wanted"])})
    except (TypeError, KeyError):
        return None


def peek(file: Path) -> State | None:
    """Look at the state without touching anything, for whoever is not its owner.

    Args:
        file: the state file.

    Returns:
        the state, or None when there is none that this version can trust.
    """
    try:
        return _parse(file) or _parse(file.with_name(file.name + ".previous"))
    except (StateNewer, OSError):
        return None


def read(file: Path) -> State | None:
    """Read the state, or the previous one when it is damaged; a damaged file is set aside.

    Args:
        file: the state file.

    Returns:
        the state, or None when there is none that can be trusted.

    Raises:
        StateNewer: the file has a schema this version does not know.
    """
    if (state := _parse(file)) is not None:
        return state
    if os.path.lexists(file):
        file.rename(file.with_name(f"{file.name}.corrupt-{time.time_ns()}"))
    return _parse(file.with_name(file.name + ".previous"))
