"""What to say where no supervisor runs: that nothing does, or that one ended without being asked to."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from hybrid_tasks.control.paths import state_dir
from hybrid_tasks.errors import NotRunning


def nothing_runs(root: Path, environ: Mapping[str, str]) -> NotRunning:
    """The error of a command that needs a supervisor.

    Args:
        root: the project's directory.
        environ: decides where its state is.

    Returns:
        the error, whose hint names what `dev-start` restores after an unclean end.
    """
    from hybrid_tasks.journal.state import FILE, peek  # a command that is answered does not pay for it

    before = peek(state_dir(root, environ) / FILE)
    if before is None or not before.wanted:
        return NotRunning("nothing runs here", "start it with `inv dev-start`")
    names = ", ".join(before.wanted)
    return NotRunning(
        "nothing runs here: the supervisor ended without `inv dev-stop`", f"`inv dev-start` restores what ran: {names}"
    )
