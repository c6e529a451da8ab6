"""What a swap is asked for, and what it comes to."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from hybrid_tasks.engine.keeping import Copy
from hybrid_tasks.errors import ToolMissing
from hybrid_tasks.model.command import Command
from hybrid_tasks.model.plan import Driver
from hybrid_tasks.model.receipt import Stage
from hybrid_tasks.model.watching import Burst, Snapshot
from hybrid_tasks.process.jobs import Job


@dataclass(frozen=True, slots=True)
class Version:
    """Something that can be started (again): the program as planned, and the source it was made from.

    `built` says that it is an artefact, `copy` is the kept copy of its source that it runs: either does not read
    the tree any more. `setting` is what it was started with, for the crew alone. With a `driver` it is what watches the
    tree, and the fingerprint is that of the source it was last seen to bring to life, empty when it failed to.
    `plain` is the same program without the debugger that `program` is, None where there is none.
    """

    program: Command
    fingerprint: str
    folder: Path
    built: bool = False
    copy: Copy | None = None
    setting: object = None
    driver: Driver | None = None
    plain: Command | None = None


@dataclass(frozen=True, slots=True)
class Nudge:
    """A signal with which a serving instance reads its source again.

    Args:
        signal: without SIG.
        job: the instance.
        version: what it runs once it has answered.
    """

    signal: str
    job: Job
    version: Version


@dataclass(frozen=True, slots=True)
class Driven:
    """A serving instance that is a driver, to which the change is left.

    Args:
        driver: which one.
        job: the instance.
        version: what it runs once its program has answered.
    """

    driver: Driver
    job: Job
    version: Version


@dataclass(frozen=True, slots=True)
class Order:
    """What a swap shall bring about.

    Args:
        trigger: why (`start`, `save`, `restart`, `crash`, `config`, `debug`, `undebug`).
        snapshot: the source to run.
        burst: what changed since the version that serves; empty at a first start.
        folder: for what the build produces; made, and empty, when the build is planned.
        version: start this kept version instead of making one.
        good: the version to start again when a `replace` fails.
        nudge: try this first; a new instance is made only when the one that serves does not answer afterwards.
        driven: start nothing, see what becomes of the change there.
    """

    trigger: str
    snapshot: Snapshot
    burst: Burst
    folder: Path
    version: Version | None = None
    good: Version | None = None
    nudge: Nudge | None = None
    driven: Driven | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a swap came to.

    `job` is the instance that serves now because of this swap: the new one, after a failed `replace` the
    old version started again, or None. `version` is what `job` runs. `missing`: what has to be installed first.
    """

    stages: tuple[Stage, ...]
    error: str | None = None
    job: Job | None = None
    version: Version | None = None
    missing: ToolMissing | None = None
