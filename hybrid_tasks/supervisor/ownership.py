"""What only the supervisor can tell a probe about an instance: whose an answer is, and whether it is at work."""

from __future__ import annotations

import socket

from hybrid_tasks.process import ports
from hybrid_tasks.process.activity import spent
from hybrid_tasks.process.children import family
from hybrid_tasks.process.identity import descendants, read_stat
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
        return ports.has_open({self._job.pid}, inode) or ports.has_open(descendants(self._job.pid), inode)

    def stranger(self, connection: socket.socket) -> str:
        """Who accepted it, in words; empty when nobody can be named."""
        inode = ports.accepted_inode(connection)
        owner = ports.owner_of(inode) if inode else None
        return f"`{owner[1]}` (pid {owner[0]})" if owner else ""


class Newer:
    """The processes of a job that were started after something.

    Args:
        job: the driver.
        ticks: since the boot, as the kernel counts the starts of processes.
    """

    def __init__(self, job: Job, ticks: int) -> None:
        self._job = job
        self._ticks = ticks

    def pids(self) -> set[int]:
        """Those that live."""
        found = ((pid, read_stat(pid)) for pid in family(self._job.pid))
        return {pid for pid, stat in found if stat is not None and stat.state not in "ZX" and stat.ticks >= self._ticks}


class NewOwnership(TreeOwnership):
    """Recognises connections that a job's newer processes have accepted.

    Args:
        job: the driver.
        newer: its newer processes.
    """

    def __init__(self, job: Job, newer: Newer) -> None:
        super().__init__(job)
        self._newer = newer

    def belongs(self, connection: socket.socket) -> bool | None:
        """Whether one of them accepted this connection; None: nobody has yet, or it cannot be told."""
        inode = ports.accepted_inode(connection)
        return ports.has_open(self._newer.pids(), inode) if inode else None


class TreeActivity:
    """Looks whether a job's tree of processes is at work.

    Args:
        job: the instance.
    """

    def __init__(self, job: Job) -> None:
        self._job = job
        self._spent: int | None = None

    def still(self) -> bool:
        """Whether it has done nothing since the last look."""
        before, self._spent = self._spent, spent(self._job.pid)
        return before is not None and before == self._spent
