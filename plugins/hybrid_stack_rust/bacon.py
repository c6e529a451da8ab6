"""The driver `bacon`, without its screen: the user's own job, else a generated one.

The keys are those of bacon 3.26 (https://dystroy.org/bacon/config/). It kills the program before the build, so a
save that does not compile leaves nothing that serves.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from types import MappingProxyType

from hybrid_stack_rust.options import RustOptions
from hybrid_stack_rust.running import DELAY, FAILED, run
from hybrid_tasks.api import Command, Driver, Place, Service, StartPlan, Tool, Watch

BACON = Tool("bacon", "cargo install --locked bacon")
DRIVER = Driver("bacon", failed=FAILED)
JOB = "hybrid"
GENERATED = "bacon.toml"


def start(service: Service, place: Place, chosen: Sequence[str], watch: Watch) -> StartPlan:
    """Say how bacon is started.

    Args:
        service: which service.
        place: where it will run.
        chosen: the arguments that tell cargo what to build.
        watch: what the engine would watch.
    """
    job = service.options.job if isinstance(service.options, RustOptions) else None
    # bacon reads the file that this variable names after the user's own ones and takes them together.
    ours = {} if job is not None else {"BACON_CONFIG": str(place.artefacts / GENERATED)}
    return StartPlan(
        program=Command(("bacon", "--headless", "--job", job or JOB), service.directory, MappingProxyType(ours)),
        tools=(BACON,),
        files={} if job is not None else {GENERATED: _generated(service, chosen, watch)},
        driver=DRIVER,
    )


def _generated(service: Service, chosen: Sequence[str], watch: Watch) -> str:
    quiet = service.debounce.quiet if service.debounce is not None else DELAY
    job = {
        "command": run(service, chosen),
        "watch": [str(root) for root in dict.fromkeys((*watch.roots, *service.watch))],
        "default_watch": False,
        "on_change_strategy": "kill_then_restart",
        "grace_period": f"{round(quiet * 1000)}ms",
        "need_stdout": True,
        "background": False,
        "allow_warnings": True,
        "extraneous_args": False,
    }
    lines = (
        f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in job.items()
    )  # JSON's values are TOML's too
    return "\n".join(("# Made by hybrid-tasks.", f"[jobs.{JOB}]", *lines, ""))
