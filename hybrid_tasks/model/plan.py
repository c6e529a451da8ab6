"""What a stack or a runtime wants done; the supervisor does it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from signal import Signals
from types import MappingProxyType

from hybrid_tasks.model.command import Command
from hybrid_tasks.model.info import Tool
from hybrid_tasks.model.service import Listen, Service

NO_FILES: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Place:
    """Where an instance will run.

    Args:
        artefacts: a directory for what this build produces, fresh and empty; made when the plan has a build or files.
        port: the port to serve on, or None when the service has none.
        host: the address to bind.
        listen_fd: the number of the inherited listening socket in the new process, or None.
        source: a kept copy of the last good source to run instead of `service.directory`
            (set only when a `replace` rolls back a version that has no build artefact).
        debug_port: where a debugger listens on 127.0.0.1, or None when none is wanted: a build without one may
            leave out what only debuggers read.
        debug_wait: the debugger holds the program at its start until somebody attaches.
        cache: a directory of the service's own that lasts from build to build, made by whoever writes there; None:
            there is none.
    """

    artefacts: Path
    port: int | None = None
    host: str = "127.0.0.1"
    listen_fd: int | None = None
    source: Path | None = None
    debug_port: int | None = None
    debug_wait: bool = False
    cache: Path | None = None


@dataclass(frozen=True, slots=True)
class CargoExecutable:
    """A binary whose path only cargo knows: found in the JSON messages of the build."""

    package: str
    binary: str


@dataclass(frozen=True, slots=True)
class Build:
    """A build command and what it leaves.

    Args:
        command: the build.
        artefact: a path, or something found in the build's output.
        notices: pairs of a text and what it means for people (`waiting for cargo's lock`); told from the line of
            output that holds the text until the next line.
    """

    command: Command
    artefact: Path | CargoExecutable
    notices: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Driver:
    """A program of others' that watches, builds and restarts by itself, in the place of our engine.

    Saves are left to it. It cannot keep the last good version: what it ends before the new one has proved healthy
    is gone.

    Args:
        name: as in `driver = "air"`.
        failed: a regular expression; a line of its output that matches says that it could not bring a save to life.
        remark: more that people should know of it, said once.
    """

    name: str
    failed: str = ""
    remark: str = ""


@dataclass(frozen=True, slots=True)
class StartPlan:
    """How an instance of a service comes to life.

    Args:
        program: the instance. The word `{artefact}` in its argv stands for the build's artefact.
        check: a cheap syntax check; `{changed}` as a whole word is replaced by the changed files.
        build: makes the artefact, never over the running one.
        listen: how the program can get its socket: INHERIT (takes `LISTEN_FDS`, or `place.listen_fd`
            on its command line) or OWN. The supervisor asks again with `listen_fd` set accordingly.
        warm: a command for a parent that forks instances, as `process/warm.py` describes it.
        cold: why there is no such command here, in a few words; empty where nobody would expect one.
        tools: programs this plan needs beyond those of the stack.
        files: what is written before anything starts: texts by their names below `place.artefacts`.
        driver: `program` is one, and starts the service's own program itself.
        plain: the same program without the debugger that `program` is; None: there is no debugger in it.
    """

    program: Command
    check: Command | None = None
    build: Build | None = None
    listen: Listen = Listen.OWN
    warm: Command | None = None
    cold: str = ""
    tools: tuple[Tool, ...] = ()
    files: Mapping[str, str] = field(default_factory=lambda: NO_FILES)
    driver: Driver | None = None
    plain: Command | None = None


class ReloadAction(Enum):
    """What a burst of changes asks for.

    REBUILD makes everything anew. RESTART starts the program again, with the artefact it has where one was built.
    SIGNAL has the running program read its source again. WARM starts it from the warm parent.
    LEAVE asks for nothing: what runs counts as made from the new source.
    """

    REBUILD = "rebuild"
    RESTART = "restart"
    SIGNAL = "signal"
    WARM = "warm"
    LEAVE = "leave"


@dataclass(frozen=True, slots=True)
class ReloadPlan:
    """What to do after a burst.

    Args:
        action: what the burst asks for. LEAVE and SIGNAL count only while an instance serves; without one, or
            when it does not answer after the signal, a new one is started.
        reason: why, in a few words (`requirements.txt changed`).
        stale: files derived from the changed ones (bytecode) that would hide the change: removed before
            anything starts.
        signal: what SIGNAL sends to the program, without SIG.
    """

    action: ReloadAction
    reason: str = ""
    stale: tuple[Path, ...] = ()
    signal: str = "HUP"

    def __post_init__(self) -> None:
        """Refuse a signal that there is none of, where a plugin names it."""
        if f"SIG{self.signal}" not in Signals.__members__:
            raise ValueError(f"there is no signal {self.signal!r}")


@dataclass(frozen=True, slots=True)
class DebugPlan:
    """A command under a debugger, with what to tell the user and where to attach.

    Args:
        command: the debugger with the program. The word `{artefact}` in its argv stands for the build's artefact.
        note: the line with which the user attaches.
        port: where the debugger listens on 127.0.0.1, or None when it does not listen.
        adapter: the debugger's name (`dlv`, `debugpy`, `lldb-dap`, `gdbserver`).
        build: makes the artefact with what debuggers read, never over the running one; None: nothing to build.
        tools: programs this plan needs beyond those of the stack.
        missing: what has to be installed first and is no program on the PATH; the plan holds once it is.
        attach: how an editor attaches, as a configuration of VS Code's `launch.json` without its `name`.
    """

    command: Command
    note: str = ""
    port: int | None = None
    adapter: str | None = None
    build: Build | None = None
    tools: tuple[Tool, ...] = ()
    missing: Tool | None = None
    attach: Mapping[str, object] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class CleanPlan:
    """What may be removed: paths inside the project, named volumes, and commands to run."""

    paths: tuple[Path, ...] = ()
    volumes: tuple[str, ...] = ()
    commands: tuple[Command, ...] = ()


@dataclass(frozen=True, slots=True)
class RunPlan:
    """How a runtime starts services; one plan may cover many.

    `prepare` run before each instance and must end with 0; `main` is the instance (None: `prepare` was all);
    `sidecars` live as long as it does; `release` gives back what was taken, once it and they are gone. The supervisor
    runs these; after a `kill -9` of the supervisor itself nobody does.
    """

    services: tuple[Service, ...]
    prepare: tuple[Command, ...] = ()
    main: Command | None = None
    sidecars: tuple[Command, ...] = ()
    release: tuple[Command, ...] = ()


@dataclass(frozen=True, slots=True)
class Target:
    """An address of a service as seen from somewhere."""

    host: str
    port: int
