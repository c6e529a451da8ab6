"""Whose the other end of a probe's connection is: the proof that an answer came from the instance we started."""

from __future__ import annotations

import socket

from hybrid_tasks.process import ports
from hybrid_tasks.process.identity import descendants
from hybrid_tasks.process.jobs import Job


class TreeOwnership:
    """Recognises connections that a job's tree of processes has accepted.

    Args:
        job: the instance.
    """

    def __init__(self, job: Job) -> None:
        self._job = job

    def belongs(self, connection: socket.socket) -> bool | None:
        """Whether the instance accepted this connection; None: nobody has yet, or it cannot be told."""
        inode = ports.accepted_inode(connection)
        if not inode:
            return None
        return inode in ports.inodes_of({self._job.pid}) or inode in ports.inodes_of(descendants(self._job.pid))

    def stranger(self, connection: socket.socket) -> str:
        """Who accepted it, in words; empty when nobody can be named."""
        inode = ports.accepted_inode(connection)
        owner = ports.owner_of(inode) if inode else None
        return f"`{owner[1]}` (pid {owner[0]})" if owner else ""
