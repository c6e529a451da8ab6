"""What the drivers have in common: `cargo run`, and what cargo says when that fails."""

from __future__ import annotations

from collections.abc import Sequence

from hybrid_tasks.api import Service

DELAY = 0.1
"""Seconds of quiet after a save, where the service has no `debounce` of its own."""
FAILED = r"^error: (could not compile|failed to (parse|load) manifest|no matching package|failed to select a version)"
"""The last line of a cargo that does not come to running the program."""


def run(service: Service, chosen: Sequence[str]) -> tuple[str, ...]:
    """Give the command that builds and becomes the program.

    Args:
        service: which service.
        chosen: the arguments that tell cargo what to build.
    """
    return ("cargo", "run", *chosen, *(("--", *service.args) if service.args else ()))
