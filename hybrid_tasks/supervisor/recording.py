"""Receipts: what a swap came to, in the words of the machine-readable contract."""

from __future__ import annotations

import secrets
import time
import traceback
from collections.abc import Iterable
from pathlib import Path

from hybrid_tasks.engine.order import Order, Outcome
from hybrid_tasks.errors import HybridError, PluginBroken, ToolMissing
from hybrid_tasks.model.receipt import REBUILT, RESTARTED, Receipt, Result
from hybrid_tasks.model.status import Blocked, Crashed, Rest, Waiting


def new_id(at: float) -> str:
    """Make a receipt id that sorts by time.

    Args:
        at: seconds since the epoch.
    """
    return f"{time.strftime('%H%M%S', time.gmtime(at))}{int(at * 1000) % 1000:03d}-{secrets.token_hex(2)}"


def named(files: Iterable[Path], root: Path) -> tuple[str, ...]:
    """Name files as receipts do: relative to the project where possible.

    Args:
        files: absolute.
        root: of the project.
    """
    return tuple(str(file.relative_to(root) if file.is_relative_to(root) else file) for file in files)


def receipt_of(
    order: Order,
    outcome: Outcome | None,
    service: str,
    *,
    root: Path,
    launch: str,
    at: float,
    ended: float,
    before: str | None,
    note: str,
    start: str = "",
) -> Receipt:
    """Write down one swap.

    Args:
        order: what was asked for.
        outcome: what came of it; None: cancelled.
        service: its name.
        root: of the project; files are named relative to it.
        launch: `beside` or `replace`.
        at: when it began, in seconds since the epoch.
        ended: when it was over.
        before: run id of the instance before.
        note: a stated fall-back.
        start: whether the instance was started warm, or why not.

    Returns:
        the receipt.
    """
    result = Result.CANCELLED if outcome is None else Result.FAILED if outcome.error is not None else Result.LIVE
    job = outcome.job if outcome else None
    return Receipt(
        id=new_id(at),
        service=service,
        trigger=order.trigger,
        result=result,
        launch=launch,
        fingerprint=_live(outcome) or order.snapshot.fingerprint,
        at=at,
        ended=ended,
        files=named(order.burst.files, root),
        stages=outcome.stages if outcome else (),
        error=outcome.error if outcome else None,
        before=before,
        after=job.run if job else before,
        note=note,
        start=start,
    )


def _live(outcome: Outcome | None) -> str:
    """The source of what serves because of a swap that went well, which may be a kept version's."""
    return outcome.version.fingerprint if outcome and outcome.error is None and outcome.version else ""


def noted(note: str, news: str, *, built: bool) -> str:
    """Add to the note of a receipt what beside its source an instance was given anew.

    Args:
        note: what is said of the swap already.
        news: as `news` words it.
        built: whether there was anything to build.
    """
    if not news:
        return note
    if note.startswith(REBUILT):
        return f"{note}, {news}"
    return "; ".join(filter(None, (note, f"{REBUILT if built else RESTARTED}{news}")))


def refused(
    service: str, fingerprint: str, error: Exception, before: str | None, at: float, *, trigger: str
) -> Receipt:
    """Write down that a swap could not even be begun.

    Args:
        service: its name.
        fingerprint: of the tree now.
        error: why; one that is not ours is put into words that can be pasted into a report.
        before: run id of what serves.
        at: seconds since the epoch.
        trigger: what asked for it.
    """
    words = "\n".join(error.lines()).removeprefix("error: ") if isinstance(error, HybridError) else _surprise(error)
    return Receipt(
        new_id(at), service, trigger, Result.FAILED, "", fingerprint, at, error=words, before=before, ended=at
    )


def unchanged(
    service: str,
    fingerprint: str,
    at: float,
    *,
    run: str | None,
    launch: str,
    files: tuple[str, ...],
    note: str = "",
) -> Receipt:
    """Write down that what serves needs no swap to be what is on disk.

    Args:
        service: its name.
        fingerprint: of the tree now.
        at: seconds since the epoch.
        run: run id of what serves.
        launch: how that came to serve.
        files: what was changed, as receipts name it.
        note: why it needs none.
    """
    return Receipt(
        id=new_id(at),
        service=service,
        trigger="save",
        result=Result.UNCHANGED,
        launch=launch,
        fingerprint=fingerprint,
        at=at,
        ended=at,
        files=files,
        before=run,
        after=run,
        note=note,
    )


def rest_after(receipt: Receipt, missing: HybridError | None) -> Rest:
    """Say what a service is when nothing of it serves after a swap.

    Args:
        receipt: of the swap.
        missing: what has to be installed, or which plugin to be mended, first.
    """
    if isinstance(missing, ToolMissing | PluginBroken):
        return Blocked(missing.message, missing.hint)
    if receipt.result is Result.FAILED:
        return Crashed(1, tuple((receipt.error or "").splitlines()), "waits for a change")
    return Waiting(())


def _surprise(error: Exception) -> str:
    return "unexpected: " + "".join(traceback.format_exception(error)).rstrip()
