"""The status document as people read it."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from typing import Any

from hybrid_tasks.cli.paint import Paint, harmless, harmless_in
from hybrid_tasks.cli.summary import span, word_of
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
        Column("RUNTIME", drop=2),
        Column("SINCE", right=True, drop=3),
        Column("HEALTH", colour=lambda text: _state_colour(paint, text)),
        Column("ADDRESS", drop=1),
        Column("CPU", right=True, drop=5),
        Column("MEMORY", right=True, drop=6),
        Column("RESTARTS", right=True, drop=7),
        Column("SOURCE", drop=4, colour=lambda text: _state_colour(paint, text)),
    ]
    lines = [head] if head else []
    lines += table(columns, [_row(service, moment) for service in services], paint, limit)
    lines += [line for service in services for line in _details(service)]
    if document.get("configuration_changed"):
        lines.append(paint.yellow("configuration changed") + ": the next `inv dev-start` or `inv dev-restart` reads it")
    for warning in document.get("warnings") or ():
        lines += [f"{paint.yellow('warning:')} {line}" for line in harmless(str(warning))]
    return lines


def _row(service: Mapping[str, Any], now: float) -> list[str]:
    word, since = word_of(service), service.get("since")
    serving = since is not None
    cpu, memory, restarts = service.get("cpu"), service.get("memory"), service.get("restarts")
    return [
        str(service.get("name", "")),
        word,
        str(service.get("runtime") or ""),
        span(max(0.0, now - float(since))) if since is not None else "",
        _health(service) if serving else "",
        str(service.get("address") or "") if serving else "",
        f"{float(cpu):.1f} %" if cpu is not None else "",
        f"{float(memory) / 1_000_000:.0f} MB" if memory is not None else "",
        str(restarts) if restarts else "",
        _source(service) if serving else "",
    ]


def _health(service: Mapping[str, Any]) -> str:
    return "healthy" if service.get("healthy") else "unhealthy"


def _source(service: Mapping[str, Any]) -> str:
    source = service.get("source")
    if service.get("stale"):
        return "stale"
    return "live" if isinstance(source, dict) and source.get("live") else ""


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
    if service.get("stale") or word_of(service) == "crashed":
        yield f"    log:  inv dev-logs {name}" + (" --build" if service.get("stale") else "")
    for remark in service.get("remarks") or ():
        yield f"  {name}: {' '.join(harmless(str(remark)))}"
