"""Which process is which, for good: numbers are given out again, the moment of a start is not."""

from __future__ import annotations

import functools
import os
from dataclasses import dataclass
from pathlib import Path

from hybrid_tasks.process.procfs import pids, read
from hybrid_tasks.process.workingcopy import project_identity as project_identity  # noqa: PLC0414 - given on

PROJECT, SERVICE, RUN = "HYBRID_PROJECT", "HYBRID_SERVICE", "HYBRID_RUN"
"""The marks: variables in the environment of every process that a shim has started."""


@dataclass(frozen=True, slots=True)
class ProcessIdentity:
    """A process that cannot be mistaken for a later one with the same number.

    Args:
        boot: the kernel's id of this boot.
        pid: its number.
        ticks: its start, in clock ticks since the boot (never wall-clock time, which moves).
    """

    boot: str
    pid: int
    ticks: int


@dataclass(frozen=True, slots=True)
class Marks:
    """The project, service and run that a process belongs to."""

    project: str
    service: str
    run: str


@dataclass(frozen=True, slots=True)
class Stat:
    """What the kernel says about a process: state letter (Z is a zombie), relations, start ticks."""

    state: str
    parent: int
    group: int
    session: int
    ticks: int


def read_stat(pid: int) -> Stat | None:
    """Read `/proc/PID/stat`.

    Args:
        pid: any process.

    Returns:
        None when there is no such process.
    """
    text = read(pid, "stat")
    if not text:
        return None
    # The program's name stands in parentheses and may hold spaces and parentheses itself.
    fields = text[text.rindex(b")") + 2 :].split()
    return Stat(fields[0].decode(), int(fields[1]), int(fields[2]), int(fields[3]), int(fields[19]))


@functools.cache
def boot_id() -> str:
    """The kernel's id of this boot."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
    except OSError:
        return "unknown"


def identify(pid: int) -> ProcessIdentity | None:
    """The identity of a running process.

    Args:
        pid: any process.

    Returns:
        None when there is no such process, or only its zombie.
    """
    stat = read_stat(pid)
    return None if stat is None or stat.state in "ZX" else ProcessIdentity(boot_id(), pid, stat.ticks)


def same(identity: ProcessIdentity) -> bool:
    """Whether this very process still runs.

    Args:
        identity: what `identify` once gave, perhaps before a reboot.
    """
    return identity.boot == boot_id() and identify(identity.pid) == identity


def environment_marks(pid: int) -> Marks | None:
    """The marks a process carries.

    Args:
        pid: any process.

    Returns:
        None when it carries none, has ended, or is not ours to look at.
    """
    environment = read(pid, "environ")
    if environment is None or RUN.encode() not in environment:
        return None
    variables = dict(entry.partition(b"=")[::2] for entry in environment.split(b"\0"))
    project, service, run = (os.fsdecode(variables.get(name.encode(), b"")) for name in (PROJECT, SERVICE, RUN))
    return Marks(project, service, run) if run else None


def marked(project_id: str) -> list[tuple[ProcessIdentity, Marks]]:
    """Every running process that carries the marks of a project.

    Args:
        project_id: what `project_identity` gave.

    Returns:
        processes with their marks, this one left out. A scan of /proc: milliseconds.
    """
    found = []
    for pid in pids():
        marks = environment_marks(pid)
        if marks is not None and marks.project == project_id and (identity := identify(pid)) is not None:
            found.append((identity, marks))
    return found


def carrying(run: str) -> list[ProcessIdentity]:
    """Every running process of one run.

    Args:
        run: a run id. A scan of /proc: milliseconds.
    """
    found = []
    for pid in pids():
        marks = environment_marks(pid)
        if marks is not None and marks.run == run and (identity := identify(pid)) is not None:
            found.append(identity)
    return found


def line(pid: int) -> tuple[int, ...]:
    """A process and those it descends from by parenthood, nearest first; it alone when it has ended.

    Args:
        pid: any process.
    """
    found = [pid]
    while (stat := read_stat(found[-1])) is not None and stat.parent > 0:
        found.append(stat.parent)
    return tuple(found)


def descendants(pid: int) -> set[int]:
    """All living processes below one, by parenthood; complete where the ancestor is a subreaper.

    Args:
        pid: the ancestor, not part of the answer.
    """
    families: dict[int, list[int]] = {}
    for one, stat in everybody().items():
        families.setdefault(stat.parent, []).append(one)
    found: set[int] = set()
    queue = [pid]
    for parent in queue:
        children = families.get(parent, [])
        queue.extend(children)
        found.update(children)
    return found


def everybody() -> dict[int, Stat]:
    """All living processes but this one, by pid."""
    found = ((pid, read_stat(pid)) for pid in pids())
    return {pid: stat for pid, stat in found if stat is not None and stat.state not in "ZX"}
