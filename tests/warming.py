"""Warm parents in tests: a service's directory with an interpreter of its own, libraries made for it, and its jobs."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from hybrid_stack_python.starting import HERE
from jobbing import spec

from hybrid_tasks.process.jobs import Job, Jobs, JobSpec, WarmParent


@dataclass(frozen=True, slots=True)
class Place:
    """A directory with a `service/` and a virtual environment.

    Args:
        folder: holds both, the logs and the file of learned modules.
        python: the interpreter.
    """

    folder: Path
    python: Path

    @property
    def service(self) -> Path:
        return self.folder / "service"

    @property
    def learned(self) -> Path:
        return self.folder / "learned"

    @property
    def libraries(self) -> Path:
        [site] = self.python.parent.parent.glob("lib/python3*/site-packages")
        return site

    def library(self, name: str, text: str) -> None:
        """Install a module of one file."""
        (self.libraries / f"{name}.py").write_text(text)

    def program(self, *words: str) -> JobSpec:
        """The service's program: `-m MODULE` or a script of it, as the stack starts it."""
        launch = (str(HERE / "launch.py"), "--learn", str(self.learned), str(self.service))
        return self._spec(*launch, *words)

    def parent(self, *words: str) -> JobSpec:
        """The warm parent of that program."""
        projects = ("--project", str(self.service))
        program = self.program(*words).command.argv
        return self._spec(str(HERE / "warm_parent.py"), str(self.learned), *projects, "--", *program)

    def _spec(self, *words: str) -> JobSpec:
        # PYTHONDONTWRITEBYTECODE: a library edited within a second must not hide behind its bytecode in a test
        env = {"PATH": os.environ["PATH"], "PYTHONUNBUFFERED": "1", "COLOUR": "blue"}
        return spec(self.folder / "logs", str(self.python), *words, cwd=self.service, env=env)


def place(folder: Path, python: str = sys.executable, files: Mapping[str, str] | None = None) -> Place:
    """Make a service's directory and a virtual environment with nothing installed."""
    venv = folder / "venv"
    subprocess.run([python, "-m", "venv", "--without-pip", "--symlinks", str(venv)], check=True)
    made = Place(folder, venv / "bin" / "python")
    made.service.mkdir()
    for name, text in (files or {}).items():
        made.service.joinpath(name).parent.mkdir(parents=True, exist_ok=True)
        made.service.joinpath(name).write_text(text)
    return made


async def warmed(jobs: Jobs, where: Place, *words: str, modules: str = "") -> WarmParent:
    """Start a warm parent that knows these modules, and wait until it can fork."""
    if modules:
        where.learned.write_text("".join(f"{name}\n" for name in modules.split()))
    parent = await jobs.start_warm(where.parent(*words))
    async with asyncio.timeout(30):
        await parent.ready()
    return parent


async def output(job: Job) -> list[str]:
    """Wait for the end, and give all lines that were written."""
    await job.wait()
    return job.tail(1000)
