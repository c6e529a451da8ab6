"""What a query shows of a folder of logs, as texts."""

from __future__ import annotations

from pathlib import Path

from hybrid_tasks.logs.asking import asked
from hybrid_tasks.logs.query import Query, records


def texts(project_logs: Path, query: Query | None = None, **options: object) -> list[str]:
    wanted = asked(**options) if query is None else query  # type: ignore[arg-type]
    return [line.text.decode() for line in records(project_logs, wanted)]
