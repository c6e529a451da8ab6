"""What a killed supervisor and its killed shims may have left: ended if it is provably ours, else only listed."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from hybrid_tasks.control.paths import state_dir
from hybrid_tasks.journal import state as statefile
from hybrid_tasks.journal.runs import Runs
from hybrid_tasks.process.identity import marked, project_identity, same
from hybrid_tasks.process.ownfile import opened
from hybrid_tasks.process.stopping import end_all

GRACE = 1.0
RUNS = "runs"
LOCK = "lock"
"""Held by a supervisor for as long as it lives."""


async def swept(root: Path, environ: Mapping[str, str]) -> dict[str, object]:
    """Sweep without a supervisor, for `dev-stop` after a kill.

    Args:
        root: the project's directory.
        environ: decides where its state is.

    Returns:
        what a stop gives: no services, and a note when something was ended; `busy` when a supervisor lives after all.
    """
    folder = state_dir(root, environ)
    if not (folder / RUNS).is_file():
        return {"services": []}
    lock = opened(folder / LOCK, os.O_RDWR)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        runs = Runs(folder / RUNS)
        try:
            ended, strangers = await sweep(project_identity(root), runs)
        finally:
            runs.close()
        before = statefile.read(folder / statefile.FILE)
        if before is not None and before.wanted:  # asked to stop, it is not to come back with the next start
            statefile.write(folder / statefile.FILE, replace(before, wanted=()))
    except BlockingIOError:
        return {"services": [], "busy": True}
    finally:
        os.close(lock)
    lines = [f"ended {ended} processes that a killed supervisor had left behind"] if ended else []
    return {"services": [], "note": "\n".join([*lines, *strangers])}


async def sweep(project_id: str, runs: Runs) -> tuple[int, list[str]]:
    """End every process that carries a run id of our journal, before anything new is started.

    Args:
        project_id: whose marks to look for.
        runs: the ids we gave out.

    Returns:
        how many processes were ended, and a line for each that carries a mark we do not know.
    """
    known = runs.known()
    ours, strangers = [], []
    for identity, marks in marked(project_id):
        if marks.run in known:
            ours.append(identity)
        else:
            strangers.append(f"process {identity.pid} bears the mark of `{marks.service}`, but of no run of ours")
    if ours:
        await end_all(ours, GRACE)
    if not any(same(identity) for identity in ours):
        runs.forget()  # whoever outlived this must be known to the next sweep
    return len(ours), strangers
