"""What the threads of a running program are doing: asked of py-spy for Python, of the program itself for Go."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from hybrid_tasks.errors import HybridError, ToolMissing
from hybrid_tasks.gateway.launching import found
from hybrid_tasks.logs.store import forget
from hybrid_tasks.model.command import Command
from hybrid_tasks.process.identity import descendants
from hybrid_tasks.process.jobs import Job
from hybrid_tasks.process.languages import GO, PYTHON, language
from hybrid_tasks.supervisor.probing import PROBE

PATIENCE = 2.0
"""Seconds that py-spy has, and a Go program that was told to quit: what is replaced is down meanwhile."""
MOST_FRAMES = 8
ENOUGH = 5000

Spawn = Callable[[str, Command], Awaitable[Job]]

_OURS = re.compile(r"launch\.py:\d+|<frozen |runpy\.py:|importlib")
_GOROUTINE = re.compile(r"goroutine (\d+)[^\[]*\[([^\]]+)\]:")


@dataclass(frozen=True, slots=True)
class Asked:
    """A process that can be asked, and in which way."""

    pid: int
    language: str


def who(job: Job) -> Asked | None:
    """Find the process of an instance that can be asked: itself, or the first below it; blocks."""
    for pid in (job.pid, *sorted(descendants(job.pid))):
        if (known := language(pid)) is not None:
            return Asked(pid, known)
    return None


async def python(pid: int, spawn: Spawn, environ: Mapping[str, str]) -> list[str] | None:
    """Give the stacks of a Python process.

    Args:
        pid: the process.
        spawn: runs py-spy as a job of the service.
        environ: of the client, for PATH.

    Returns:
        its lines without the first, which holds the program's arguments; None: py-spy is not installed.
    """
    program = found("py-spy", environ.get("PATH"))
    if program is None:
        return None
    job = await spawn(PROBE, Command((program, "dump", "--full-filenames", "--pid", str(pid)), Path("/")))
    try:
        async with asyncio.timeout(PATIENCE):
            await job.wait()
        return [line for line in job.tail(ENOUGH) if not line.startswith("Process ")]
    except TimeoutError:
        return []
    finally:
        if job.exit is None:
            await asyncio.shield(job.stop(0))
        forget(job.log)


async def go(job: Job) -> list[str]:
    """Give the stacks of a Go program, which ends by that.

    Args:
        job: its instance.

    Returns:
        the lines; none when it does something else at SIGQUIT.
    """
    job.signal("QUIT")
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(PATIENCE):
            await job.wait()
    lines = job.tail(ENOUGH)
    starts = [number for number, line in enumerate(lines) if _GOROUTINE.match(line)]
    return lines[starts[0] :] if starts else []


def main_frames(lines: list[str], directory: Path) -> list[str]:
    """Give what matters of a Python dump: the main thread's innermost frames, the service's own files by short names.

    Args:
        lines: what `python` gave.
        directory: of the service.
    """
    begin = next((number for number, line in enumerate(lines) if '"MainThread"' in line), None)
    if begin is None:
        return []
    frames = []
    for line in lines[begin + 1 :]:
        if not line.startswith(" "):
            break
        if not _OURS.search(line):
            frames.append(line.strip().replace(f"({directory}/", "("))
    return [f"  {frame}" for frame in frames[:MOST_FRAMES]]


def main_goroutine(lines: list[str], directory: Path) -> list[str]:
    """Give what matters of a Go dump: what the main goroutine waits for, and where.

    Args:
        lines: what `go` gave.
        directory: of the service.
    """
    heads = {number: head for number, line in enumerate(lines) if (head := _GOROUTINE.match(line))}
    begin = next((number for number, head in heads.items() if head[1] == "1"), None)
    if begin is None:
        return []
    frames = []
    for name, place in zip(lines[begin + 1 :: 2], lines[begin + 2 :: 2], strict=False):
        if not place.startswith("\t"):  # a blank line: the next goroutine
            break
        if not name.startswith("runtime."):
            at = place.strip().partition(" +0x")[0].replace(f"{directory}/", "")
            frames.append(f"  {name.rpartition('(')[0] or name} ({at})")
    return [f"goroutine 1 [{heads[begin][2]}]:", *frames[:MOST_FRAMES]]


async def excerpt(job: Job, directory: Path, spawn: Spawn, environ: Mapping[str, str]) -> tuple[list[str], str]:
    """Say what an instance that is going to be ended anyway is doing, in a few lines.

    Args:
        job: the instance; a Go program ends by this.
        directory: of the service.
        spawn: runs py-spy as a job of the service.
        environ: of the client.

    Returns:
        the lines, and what to install where they cannot be had.
    """
    asked = await asyncio.to_thread(who, job)
    if asked is None:
        return [], ""
    if asked.language == GO:
        return main_goroutine(await go(job), directory) if asked.pid == job.pid else [], ""
    assert asked.language == PYTHON  # noqa: S101 - there is no other
    lines = await python(asked.pid, spawn, environ)
    if lines is None:
        return [], "pip install 'hybrid-tasks[debug]' shows what a Python program is doing"
    frames = main_frames(lines, directory)
    return ["it is at", *frames] if frames else [], ""


async def whole(job: Job, service: str, spawn: Spawn, environ: Mapping[str, str], *, end: bool) -> list[str]:
    """Say what all threads of a running instance are doing.

    Args:
        job: the instance.
        service: its name.
        spawn: runs py-spy as a job of the service.
        environ: of the client.
        end: also when the program ends by that.

    Raises:
        ToolMissing: py-spy is missing.
        HybridError: there is no way to ask it, or not without its end.
    """
    asked = await asyncio.to_thread(who, job)
    if asked is None or (asked.language == GO and asked.pid != job.pid):
        raise HybridError(f"`{service}` cannot be asked what it is doing: it is neither Python nor Go")
    if asked.language == GO:
        if not end:
            raise HybridError(
                f"`{service}` is a Go program: it prints its goroutines only as it ends (SIGQUIT)",
                f"inv dev-debug {service} --stacks --end; it is started again",
            )
        if not (lines := await go(job)):
            raise HybridError(f"`{service}` does something of its own at SIGQUIT", f"inv dev-logs {service}")
        return lines
    told = await python(asked.pid, spawn, environ)
    if told is None:
        raise ToolMissing("`py-spy` is missing", "pip install 'hybrid-tasks[debug]'")
    if not any(line.startswith("Thread ") for line in told):
        said = "; ".join(line.strip() for line in told if line.strip())
        raise HybridError(f"py-spy cannot look at `{service}`: {said}", "sudo sysctl kernel.yama.ptrace_scope=0")
    return told
