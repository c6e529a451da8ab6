"""What became of the last save, service by service: how `dev-wait --reload` ended."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from hybrid_tasks.cli.paint import Paint, harmless_in
from hybrid_tasks.cli.summary import bad, entries, failure, is_good, word_of
from hybrid_tasks.journal import words

RECENT = 10.0
"""Seconds for which a swap is told although it was over before the command began: it was quicker than the command."""


def reloaded(result: Mapping[str, Any], paint: Paint, began: float) -> list[str]:
    """Put the result of a wait for the last save into words.

    Args:
        result: of the request (`documents.StartResult`).
        paint: whether to colour.
        began: when the command began, in seconds since the epoch.

    Returns:
        the lines to print.
    """
    result = harmless_in(result)
    receipts = {str(receipt.get("service")): receipt for receipt in entries(result, "receipts")}
    lines: list[str] = []
    for service in entries(result, "services"):
        name = str(service.get("name"))
        receipt = receipts.get(name) or {}
        if is_good(service):
            swapped = receipt.get("trigger") != "start" and receipt.get("result") != "failed"  # what failed was no save
            news = swapped and float(receipt.get("ended") or 0) > began - RECENT
            told = words.outcome(receipt) if news else f"{_good(service)}, nothing to do"
            lines.append(f"{paint.bold(name)}: {_painted(told, paint.green)}")
        elif receipt.get("result") == "failed":
            runs, healthy = service.get("since") is not None, service.get("healthy") is True
            goes_on = words.remains(receipt, healthy=healthy) if runs else "nothing runs"
            lines.append(f"{paint.bold(name)}: {_painted(words.outcome(receipt), paint.red)}; {goes_on}")
            lines += failure(receipt, name)
        else:
            lines += bad(service, receipt, len(name), paint)
    return lines


def _good(service: Mapping[str, Any]) -> str:
    word = word_of(service)
    return "live" if word == "running" else word


def _painted(text: str, colour: Callable[[str], str]) -> str:
    """A text whose first word has a colour."""
    word = text.replace(",", " ").partition(" ")[0]
    return colour(word) + text.removeprefix(word)
