"""How a start, a restart or a wait ended, service by service: addresses first, then what is in the way."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from hybrid_tasks.cli.paint import Paint, harmless, harmless_in
from hybrid_tasks.cli.tables import width
from hybrid_tasks.journal import words

EXCERPT_LINES = 30


def summary(
    result: Mapping[str, Any], paint: Paint, took: Mapping[str, float] | None = None, began: float | None = None
) -> list[str]:
    """Put the result of a start into words.

    Args:
        result: of the request (`documents.StartResult`).
        paint: whether to colour.
        took: seconds that a service took whose receipt is not written yet.
        began: when the command began, in seconds since the epoch: what ran before is said to.

    Returns:
        the lines to print.
    """
    result = harmless_in(result)
    services = [service for service in entries(result, "services") if service.get("wanted", True)]
    stopped = [service for service in entries(result, "services") if not service.get("wanted", True)]
    receipts = {str(receipt.get("service")): receipt for receipt in entries(result, "receipts")}
    names = max((width(str(service.get("name"))) for service in (*services, *stopped)), default=0)
    good = [one for one in services if is_good(one) and not _just_failed(receipts.get(str(one.get("name"))), began)]
    addresses = max((width(str(service.get("address") or "")) for service in good), default=0)
    spans = {name: _brief(seconds) for name, seconds in (took or {}).items()}
    spans |= {name: text for name, receipt in receipts.items() if (text := _took(receipt)) and name not in spans}
    times = {name: f"in {text}" for name, text in spans.items()}
    for service in good:
        since = service.get("since")
        if began is not None and since is not None and float(since) < began:
            times[str(service.get("name"))] = f"since {span(time.time() - float(since))}"
    lines = [_good(service, times.get(str(service.get("name")), ""), names, addresses, paint) for service in good]
    for service in services:
        if service not in good:
            lines += bad(service, receipts.get(str(service.get("name"))), names, paint)
    for name in (str(service.get("name")) for service in stopped):
        lines.append(f"{paint.bold(name)}{' ' * (names - width(name))}  {paint.yellow('stopped')} by `inv dev-stop`")
    return lines


def interrupted(result: Mapping[str, Any]) -> str:
    """What Ctrl+C has stopped of a start, and what goes on because others want it.

    Args:
        result: of the start.
    """
    services = entries(harmless_in(result), "services")
    stopped = ", ".join(str(service.get("name")) for service in services if not service.get("wanted", True))
    others = ", ".join(str(service.get("name")) for service in services if service.get("wanted", True))
    kept = f"ran before and goes on: {others}" if others else ""
    if not stopped:
        return f"interrupted: stopped nothing{f'; {kept}' if kept else ''}"
    return f"interrupted: stopped {stopped}{f' ({kept})' if kept else ''}"


def entries(result: Mapping[str, Any], key: str) -> list[dict[str, Any]]:
    """The list of objects of that name in a result; empty when there is none."""
    found = result.get(key)
    return [item for item in found if isinstance(item, dict)] if isinstance(found, list) else []


def word_of(service: Mapping[str, Any]) -> str:
    """The status word of a service."""
    return str(service.get("word") or service.get("state") or "")


def _failed(receipt: Mapping[str, Any] | None) -> bool:
    return receipt is not None and receipt.get("result") == "failed"


def _just_failed(receipt: Mapping[str, Any] | None, began: float | None) -> bool:
    """Whether what was asked for now has failed, while an older instance goes on."""
    return began is not None and receipt is not None and _failed(receipt) and float(receipt.get("ended") or 0) >= began


def is_good(service: Mapping[str, Any]) -> bool:
    """Whether a service is as it should be: healthy or done, and not older than its source."""
    word = word_of(service)
    good = (word == "running" and bool(service.get("healthy"))) or word in {"finished", "elsewhere"}
    return good and not service.get("stale")


def _good(service: Mapping[str, Any], when: str, names: int, addresses: int, paint: Paint) -> str:
    name, address = str(service.get("name")), " ".join(harmless(str(service.get("address") or "")))
    word = "healthy" if word_of(service) == "running" else word_of(service)
    outcome = f"{paint.green(word)} {when}".rstrip()
    blanks = " " * (names - width(name))
    place = f"  {address}{' ' * (addresses - width(address))}" if addresses else ""
    return f"{paint.bold(name)}{blanks}{place}  {outcome}"


def _took(receipt: Mapping[str, Any] | None) -> str:
    if receipt is None or receipt.get("result") != "live":
        return ""
    return _brief(words.spent(receipt) / 1000)


def _brief(seconds: float) -> str:
    return span(seconds) if seconds >= 0.1 else words.milliseconds(seconds * 1000)  # noqa: PLR2004 - `0.0 s` says nothing


def span(seconds: float) -> str:
    """A duration in the words of people: `0.8 s`, `12 s`, `3 min`, `5 h`, `2 d`."""
    for limit, unit, name in ((9.95, 1, "s"), (99.5, 1, "s"), (5970, 60, "min"), (172000, 3600, "h")):
        if seconds < limit:
            return f"{seconds:.1f} s" if limit < 10 else f"{seconds / unit:.0f} {name}"  # noqa: PLR2004 - one digit
    return f"{seconds / 86400:.0f} d"


def bad(service: Mapping[str, Any], receipt: Mapping[str, Any] | None, names: int, paint: Paint) -> Iterator[str]:
    """What is in the way of a service, why, and what to do about it.

    Args:
        service: as the status document names it.
        receipt: of its last swap.
        names: columns that names take.
        paint: whether to colour.

    Yields:
        the lines to print.
    """
    name, word = str(service.get("name")), word_of(service)
    detail, cure = str(service.get("detail") or ""), str(service.get("cure") or "")
    optional = bool(service.get("optional")) and word == "blocked"
    old = bool(service.get("stale")) or (bool(service.get("healthy")) and _failed(receipt))
    shown = "still runs its old version" if old else "not healthy" if word == "running" else word
    if word == "waiting" and detail:
        shown, detail = detail, ""
    if old and _failed(receipt):
        detail = ""  # its excerpt follows
    first, *more = harmless(f"{shown}: {detail}" if detail else shown)
    colour = paint.yellow if optional else paint.red
    yield f"{paint.bold(name)}{' ' * (names - width(name))}  {colour(first)}" + ("  (optional)" if optional else "")
    yield from _indented(more)
    if cure:
        yield f"    hint: {' '.join(harmless(cure))}"
    if word == "blocked":
        return  # it needs something first; where a log would be read there is none
    if _failed(receipt):
        yield from failure(receipt or {}, name)
    elif word in {"crashed", "running"}:
        yield log_hint(name, None)


def changed_configuration(document: Mapping[str, Any], paint: Paint) -> list[str]:
    """That what runs is configured differently by now, when it is, and what is wrong with that."""
    if not document.get("configuration_changed"):
        return []
    mistakes = entries(document, "configuration_mistakes")
    if not mistakes:
        return [paint.yellow("configuration changed") + ": the next `inv dev-start` or `inv dev-restart` reads it"]
    message, hint = (" ".join(harmless(str(mistakes[0].get(key) or ""))) for key in ("message", "hint"))
    more = f"; {len(mistakes) - 1} more" if len(mistakes) > 1 else ""
    lines = [paint.red("configuration changed, and it is wrong") + f": {message}{more}; `inv dev-config` shows all"]
    return [*lines, f"    hint: {hint}"] if hint else lines


def log_hint(name: str, receipt: Mapping[str, Any] | None) -> str:
    """Where to read more: around a failed swap, else in the log of the service.

    Args:
        name: of the service.
        receipt: of its last swap.
    """
    around = str(receipt.get("id") or "") if receipt is not None and _failed(receipt) else ""
    return f"    log:  inv dev-logs {f'--at {around}' if around else name}"


def failure(receipt: Mapping[str, Any], name: str) -> Iterator[str]:
    """The excerpt that matters of a failed swap, and where the rest is.

    Args:
        receipt: the failed one.
        name: of the service.

    Yields:
        indented lines.
    """
    stage = words.failing(receipt)
    error = str(receipt.get("error") or "").strip("\n")
    if error:
        yield f"    {stage + ' ' if stage else ''}failed:"
        yield from _indented(harmless(error)[:EXCERPT_LINES])
    yield log_hint(name, receipt)


def _indented(lines: Sequence[str]) -> Iterator[str]:
    return (f"      {line}".rstrip() for line in lines)
