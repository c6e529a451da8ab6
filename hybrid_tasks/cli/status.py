"""The status document as people read it."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from typing import Any

from hybrid_tasks.cli.paint import Paint, harmless, harmless_in
from hybrid_tasks.cli.summary import changed_configuration, log_hint, span, word_of
from hybrid_tasks.cli.tables import Column, table

DETAIL_LINES = 6


def report(document: Mapping[str, Any], paint: Paint, limit: int | None, now: float | None = None) -> list[str]:
    """Lay out the status of a project.

    Args:
        document: of the request `status`.
        paint: whether to colour.
        limit: the terminal's width; None in a pipe.
        now: seconds since the epoch; None asks the clock.

    Returns:
        the lines: project, table, what is in the way, warnings.
    """
    moment = time.time() if now is None else now
    document = harmless_in(document)
    services = [service for service in document.get("services") or () if isinstance(service, dict)]
    mode = f" ({document['mode']})" if document.get("mode") else ""
    head = " ".join(harmless(f"{document.get('project', '')}{mode}"))
    columns = [
        Column("SERVICE", colour=paint.bold),
        Column("STATE", colour=lambda text: _state_colour(paint, text)),
        Column("RUNTIME", drop=3),
        Column("SINCE", right=True, drop=2),
        Column("HEALTH", colour=lambda text: _state_colour(paint, text)),
        Column("ADDRESS", drop=1, short=_port_only),
        Column("SOURCE", colour=lambda text: _state_colour(paint, text)),
        Column("SWAP", drop=7),
        Column("CPU", right=True, drop=5),
        Column("MEMORY", right=True, drop=6),
        Column("RESTARTS", right=True, drop=4),
    ]
    lines = [head] if head else []
    lines += table(columns, [_row(service, moment) for service in services], paint, limit)
    lines += [line for service in services for line in _details(service)]
    lines += changed_configuration(document, paint)
    for warning in document.get("warnings") or ():
        lines += [f"{paint.yellow('warning:')} {line}" for line in harmless(str(warning))]
    return lines


def _row(service: Mapping[str, Any], now: float) -> list[str]:
    word, begun, swap = word_of(service), service.get("since"), service.get("swap") or {}
    serving = begun is not None
    since = begun if serving else swap.get("since")
    cpu, memory, restarts = service.get("cpu"), service.get("memory"), service.get("restarts")
    return [
        str(service.get("name", "")),
        word,
        str(service.get("runtime") or ""),
        span(max(0.0, now - float(since))) if since is not None else "",
        _health(service) if serving else "",
        str(service.get("address") or "") if serving else "",
        _source(service) if serving else "",
        _swap(service),
        f"{float(cpu):.1f} %" if cpu is not None else "",
        f"{float(memory) / 1_000_000:.0f} MB" if memory is not None else "",
        str(restarts) if restarts else "",
    ]


def _health(service: Mapping[str, Any]) -> str:
    return "healthy" if service.get("healthy") else "unhealthy"


def _source(service: Mapping[str, Any]) -> str:
    """Whether the source on disk is what runs; or that it is about to be."""
    source, swap = service.get("source"), service.get("swap")
    if swap:
        return {"launch": "on trial", "probe": "on trial", "retire": "replacing"}.get(
            str(swap.get("stage")), "building"
        )
    if service.get("stale"):
        return "stale"
    return "live" if isinstance(source, dict) and source.get("live") else ""


def _swap(service: Mapping[str, Any]) -> str:
    """How a new version comes to serve, and how the last one fared: `beside 84 ms`, `replace failed`."""
    from hybrid_tasks.journal import words

    receipt = service.get("last_receipt") or {}
    launch, result = str(service.get("launch") or receipt.get("launch") or ""), receipt.get("result")
    if result == "live":
        return f"{launch} {words.milliseconds(words.spent(receipt))}"
    return f"{launch} {result}".strip() if result else launch


def _port_only(address: str) -> str:
    """What is left of an address where there is little room: `:8000`."""
    for loopback in ("http://127.0.0.1:", "http://localhost:", "127.0.0.1:"):
        if address.startswith(loopback):
            return f":{address.removeprefix(loopback)}"
    return address


def _state_colour(paint: Paint, text: str) -> str:
    if text in {"running", "healthy", "live", "finished"}:
        return paint.green(text)
    if text in {"crashed", "unhealthy", "held"}:
        return paint.red(text)
    return paint.dim(text) if text in {"stopped", "elsewhere"} else paint.yellow(text)


def _details(service: Mapping[str, Any]) -> Iterator[str]:
    """Why a service is not as it should be, and what to do."""
    detail, cure = str(service.get("detail") or ""), str(service.get("cure") or "")
    name = service.get("name")
    if detail:
        first, *more = harmless(detail)[:DETAIL_LINES]
        yield f"  {name}: {first}"
        yield from (f"    {line}" for line in more)
    if cure:
        yield f"    hint: {' '.join(harmless(cure))}"
    if service.get("stale") or (word_of(service) in {"crashed", "running"} and not service.get("healthy")):
        yield log_hint(str(name), service.get("last_receipt"))
    for remark in service.get("remarks") or ():
        yield f"  {name}: {' '.join(harmless(str(remark)))}"
