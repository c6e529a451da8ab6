"""A receipt in words, for people: what it was about, how it ended, how long it took and what was wrong.

Receipts are taken as the machine-readable contract names them, because whoever reads them has them from a file or
from the wire.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_CAUSES = {"restart": "restarted", "config": "configuration changed"}


def spent(receipt: Mapping[str, Any]) -> float:
    """Milliseconds from the beginning of a swap until the new version served.

    What an old instance takes to end afterwards does not count, nor does a check that ran beside the launch.
    """
    told = _stages(receipt)
    launch = next((index for index, stage in enumerate(told) if stage.get("name") == "launch"), -1)
    beside = {index for index, stage in enumerate(told) if index > launch and stage.get("name") in {"check", "retire"}}
    return sum(float(stage.get("ms") or 0) for index, stage in enumerate(told) if index not in beside)


def stages(receipt: Mapping[str, Any]) -> str:
    """Every stage with its milliseconds: `plan 3, check 5, launch 60, probe 12, switch 1`."""
    return ", ".join(f"{stage.get('name')} {float(stage.get('ms') or 0):.0f}" for stage in _stages(receipt))


def milliseconds(value: float) -> str:
    """A short time: `84 ms`, `1.2 s`, `45 s`."""
    if value < 999.5:  # noqa: PLR2004 - what rounds to a second
        return f"{value:.0f} ms"
    return f"{value / 1000:.1f} s" if value < 9950 else f"{value / 1000:.0f} s"  # noqa: PLR2004 - one digit


def cause(receipt: Mapping[str, Any]) -> str:
    """What a swap was made for: `app.py saved`, `restarted`; empty for a start."""
    trigger = str(receipt.get("trigger") or "")
    if trigger == "crash":
        return f"it {receipt.get('note') or 'had ended by itself'}"
    if trigger != "save":
        return _CAUSES.get(trigger, "")
    files = [str(file) for file in receipt.get("files") or ()]
    more = f" and {len(files) - 1} more" if len(files) > 1 else ""
    return f"{files[0]}{more} saved" if files else "saved"


def outcome(receipt: Mapping[str, Any]) -> str:
    """How a swap ended: `live in 84 ms (plan 3, launch 60 …), app.py saved`, `failed in build, app.py saved`."""
    result, why = str(receipt.get("result") or ""), cause(receipt)
    note = "" if receipt.get("trigger") == "crash" else str(receipt.get("note") or "")
    if result == "unchanged":
        return f"live, {why}, no swap needed: {note}" if note else "live, saved back to what runs"
    if result == "live":
        took = f"live in {milliseconds(spent(receipt))} ({stages(receipt)})" if _stages(receipt) else "live"
        return ", ".join(filter(None, (took, why, note)))
    stage = failing(receipt) if result == "failed" else ""
    return ", ".join(filter(None, (f"{result} in {stage}" if stage else result, why)))


def failing(receipt: Mapping[str, Any]) -> str:
    """The stage in which a swap failed, empty when none did."""
    return next((str(stage.get("name")) for stage in _stages(receipt) if not stage.get("ok")), "")


def remains(receipt: Mapping[str, Any], *, healthy: bool) -> str:
    """What goes on after a swap that failed, while an instance runs.

    Args:
        receipt: of the swap.
        healthy: whether the instance is; a driver runs on, also without a program that answers.
    """
    if all(stage.get("name") != "driver" for stage in _stages(receipt)):
        return "the version before goes on"
    return "what its driver left still answers" if healthy else "nothing answers"


def _stages(receipt: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [stage for stage in receipt.get("stages") or () if isinstance(stage, Mapping)]
