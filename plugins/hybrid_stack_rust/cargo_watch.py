"""The driver `cargo-watch`: `cargo run` again after every save, as version 8.5 does it.

It ends the program before the build (with SIGTERM), so a save that does not compile leaves nothing that serves.
"""

from __future__ import annotations

from collections.abc import Sequence

from hybrid_stack_rust.running import DELAY, FAILED, run
from hybrid_tasks.api import Command, Driver, Place, Service, StartPlan, Tool, Watch

CARGO_WATCH = Tool("cargo-watch", "cargo install --locked cargo-watch")
DRIVER = Driver(
    "cargo-watch",
    failed=FAILED,
    remark='cargo-watch is deprecated, and recommends bacon: `driver = "bacon"`, or leave `driver` out',
)


def start(service: Service, _place: Place, chosen: Sequence[str], watch: Watch) -> StartPlan:
    """Say how cargo-watch is started.

    Args:
        service: which service.
        chosen: the arguments that tell cargo what to build.
        watch: what the engine would watch.
    """
    quiet = service.debounce.quiet if service.debounce is not None else DELAY
    roots = dict.fromkeys((*watch.roots, *service.watch))
    words = (
        # Without a group and a shell of its own what it starts is its child: it ends the program, not a shell above it.
        *("cargo-watch", "--no-process-group", "--use-shell=none", "--delay", f"{quiet:g}"),
        *(word for root in roots for word in ("--watch", str(root))),
        *("--ignore", "*/.hybrid/**"),
        *("--", *run(service, chosen)),
    )
    return StartPlan(program=Command(words, service.directory), tools=(CARGO_WATCH,), driver=DRIVER)
