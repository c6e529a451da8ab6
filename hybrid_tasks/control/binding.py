"""Getting a Unix socket to its place, and taking a server down without losing who just came in."""

from __future__ import annotations

import asyncio
import os
import secrets
import socket
from pathlib import Path

from hybrid_tasks.errors import HybridError

BACKLOG = 1024


def listen(path: Path) -> tuple[socket.socket, tuple[int, int]]:
    """Listen under a fresh name, then move it over whatever is at `path`: there is no moment without a socket.

    Args:
        path: where; what is there is replaced, unless it is a folder.

    Returns:
        the listening socket, and device and inode of its file.

    Raises:
        HybridError: it cannot be done.
    """
    if path.is_dir() and not path.is_symlink():
        raise HybridError(f"`{path}` is in the way: the control socket goes there", f"remove it: rm -r {path}")
    fresh = path.with_name(secrets.token_hex(8)[: len(path.name)])  # never longer: the limit is 107 bytes
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        path.parent.mkdir(mode=0o700, exist_ok=True)
        fresh.unlink(missing_ok=True)
        listening.bind(os.fspath(fresh))
        fresh.chmod(0o600)
        listening.listen(BACKLOG)
        fresh.replace(path)
        found = path.lstat()
    except OSError as error:
        listening.close()
        fresh.unlink(missing_ok=True)
        raise HybridError(f"cannot listen on `{path}`: {error.strerror or error}") from None
    return listening, (found.st_dev, found.st_ino)


async def retire(server: asyncio.Server) -> None:
    """Stop accepting, let what was just accepted become a task, close; asyncio trips over an accept in flight."""
    loop = asyncio.get_running_loop()
    for listening in server.sockets:
        loop.remove_reader(listening.fileno())
    await settle()
    server.close()


async def settle() -> None:
    """Let the loop do what it has put off."""
    for _ in range(10):
        await asyncio.sleep(0)
