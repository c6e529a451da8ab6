"""What a killed supervisor and its killed shims may have left: ended if it is provably ours, else only listed."""

from __future__ import annotations

from hybrid_tasks.journal.runs import Runs
from hybrid_tasks.process.identity import marked
from hybrid_tasks.process.stopping import end_all

GRACE = 1.0


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
    runs.forget()
    return len(ours), strangers
