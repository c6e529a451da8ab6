"""Checks and builds: a job that must end with 0, and the artefact it leaves."""

from __future__ import annotations

import asyncio
import functools
import json
import shutil
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from hybrid_tasks.errors import HybridError
from hybrid_tasks.health.output import new_lines
from hybrid_tasks.logs.store import excerpt
from hybrid_tasks.model.command import Command
from hybrid_tasks.model.plan import Build, CargoExecutable
from hybrid_tasks.process.jobs import Job

ARTEFACT = "{artefact}"
CHANGED = "{changed}"

LISTENING = 0.2
"""Seconds between two looks at the output of a build that may have something to tell."""

Spawn = Callable[[str, Command], Awaitable[Job]]
Hear = Callable[[str, str], None]
Notices = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Refused:
    """A check or build that failed: the stage, and the excerpt that matters."""

    stage: str
    error: str


def with_changed(command: Command, files: tuple[Path, ...]) -> Command:
    """Put the changed files in the place of the word `{changed}`."""
    argv: list[str] = []
    for word in command.argv:
        argv.extend(map(str, files) if word == CHANGED else (word,))
    return Command(tuple(argv), command.cwd, command.env, command.secrets)


def with_artefact(command: Command, artefact: Path | None) -> Command:
    """Put the artefact's path, if there is one, in the place of the word `{artefact}`."""
    if artefact is None:
        return command
    argv = tuple(word.replace(ARTEFACT, str(artefact)) for word in command.argv)
    return Command(argv, command.cwd, command.env, command.secrets)


async def run(
    spawn: Spawn, role: str, command: Command, notices: Notices = (), hear: Hear = lambda _role, _note: None
) -> Refused | Job:
    """Run a job to its end; being cancelled ends it.

    Args:
        spawn: starts a job with a role.
        role: `check`, `build` or `step`.
        command: what to run.
        notices: texts in its output with what they mean for people.
        hear: told the role and a notice, an empty one when it does not hold any more.

    Returns:
        the ended job, or why it was refused.
    """
    try:
        job = await spawn(role, command)
    except HybridError as error:
        return Refused(role, error.message)
    telling = asyncio.ensure_future(_tell(job.log, notices, functools.partial(hear, role)))
    try:
        ended = await job.wait()
    finally:
        telling.cancel()
        if job.exit is None:
            await job.stop(0)
    if ended.code == 0:
        return job
    lines = await asyncio.to_thread(excerpt, job.log)
    return Refused(role, "\n".join(lines) or f"`{command.argv[0]}` ended with {ended.code}")


async def _tell(log: Path, notices: Notices, hear: Callable[[str], None]) -> None:
    """Tell what a build says that it waits for, until it says something else."""
    lines, told = new_lines(log), ""
    while notices:
        for line in lines():
            note = next((meaning for text, meaning in notices if text in line), "")
            if note != told:
                hear(note)
                told = note
        await asyncio.sleep(LISTENING)


async def build(spawn: Spawn, plan: Build, folder: Path, hear: Hear) -> Refused | Path:
    """Run a build and find its artefact.

    Args:
        spawn: starts a job with a role.
        plan: the build command and where its result is.
        folder: where the artefact of this build is kept; what a tool leaves elsewhere is copied here,
            because its next build would write over it.
        hear: told `build` and what it says that it waits for, an empty text when that is over.

    Returns:
        the artefact, or why there is none.
    """
    ended = await run(spawn, "build", plan.command, plan.notices, hear)
    if isinstance(ended, Refused):
        return ended
    if isinstance(plan.artefact, Path):
        if not plan.artefact.exists():
            return Refused("build", f"the build ended with 0 but left no `{plan.artefact}`")
        return plan.artefact
    found = cargo_executable(ended.log, plan.artefact)
    if found is None:
        return Refused("build", f"cargo built no binary `{plan.artefact.binary}` of package `{plan.artefact.package}`")
    return Path(await asyncio.to_thread(shutil.copy2, found, folder / found.name))


def cargo_executable(log: Path, wanted: CargoExecutable) -> Path | None:
    """Find a binary's path in cargo's JSON messages.

    Args:
        log: the raw output of `cargo build --message-format=json…`.
        wanted: package and binary name; an empty package matches any.

    Returns:
        the executable of the last matching message.

    The format is that of https://doc.rust-lang.org/cargo/reference/external-tools.html#artifact-messages.
    """
    found = None
    with log.open("rb") as lines:
        for line in lines:
            if not line.startswith(b'{"reason":"compiler-artifact"'):
                continue
            message = json.loads(line)
            target = message.get("target", {})
            package = str(message.get("package_id", ""))
            if target.get("name") == wanted.binary and "bin" in target.get("kind", ()) and message.get("executable"):
                named = wanted.package in package.replace("#", "/").replace("@", "/").replace(" ", "/").split("/")
                if not wanted.package or named or package.startswith("path+file:"):
                    found = Path(message["executable"])
    return found
