"""What is happening while services start: a live block on a terminal, a line for what lasts or goes wrong in a pipe."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TextIO

from hybrid_tasks.cli.paint import Paint, harmless, harmless_in, size
from hybrid_tasks.cli.tables import cut, width
from hybrid_tasks.model.events import Event

SPINNER = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
PLAIN_SPINNER = "|/-\\"
STAGES = {
    "check": "checking",
    "build": "building",
    "launch": "starting",
    "probe": "waiting for its health",
    "driver": "reloading",
}
"""Stages that last; the others are over before they could be read."""
LASTS = 2.0
"""Seconds after which a pipe is told what a service is doing, or that it failed; else the summary tells."""
SETTLED = frozenset({"running", "finished", "blocked", "crashed", "held", "stopped", "elsewhere"})


@dataclass(slots=True)
class _Row:
    """What one service is doing and since when.

    `since` is when it began to do anything, `begun` when it began this. `swapping`: a swap is under way, the old
    instance is healthy meanwhile. `told`: a pipe has read this; `heard`: it has read anything since it began.
    """

    doing: str
    since: float
    begun: float = 0.0
    busy: bool = True
    good: bool = True
    swapping: bool = False
    told: bool = False
    heard: bool = False


@dataclass(slots=True)
class Progress:
    """Hears events and shows them.

    Args:
        out: where to write.
        live: redraw a block (a terminal), else print lines.
        paint: whether to colour.
        clock: monotonic seconds.
        summed: a summary says in the end what has failed; else that is said at once.
    """

    out: TextIO
    live: bool
    paint: Paint
    clock: Callable[[], float] = time.monotonic
    summed: bool = True
    _rows: dict[str, _Row] = field(default_factory=dict)
    _drawn: int = 0
    _frame: int = 0

    def hear(self, event: Event) -> None:
        """Take one event of the supervisor."""
        data = harmless_in(event.data)
        if event.kind == "note":
            self.line(str(data.get("text", "")))
        if event.service is None:
            return
        service = " ".join(harmless(event.service))
        if event.kind == "stage":
            self._stage(service, str(data.get("stage", "")), str(data.get("note") or ""))
        elif event.kind == "state":
            self._state(service, data)
        elif event.kind == "held":
            self._change(service, f"held: {data.get('reason', '')}", busy=False, good=False)
        elif event.kind == "receipt":
            self._receipt(service, str(data.get("result", "")))

    def took(self) -> dict[str, float]:
        """Seconds since the first stage of every service whose swap is not over yet."""
        return {name: self.clock() - row.since for name, row in self._rows.items() if row.swapping}

    def tick(self) -> None:
        """Redraw, or tell what has lasted for a while; called about ten times a second."""
        if self.live:
            self._frame += 1
            self._draw()
            return
        for service, row in self._rows.items():
            lasts = row.doing and not row.told and self.clock() - row.begun >= LASTS
            if lasts and (row.busy or not row.good):
                self._tell(service, row)

    def clear(self) -> None:
        """Take the live block away; what follows is printed in its place."""
        if self._drawn:
            self.out.write(f"\r\x1b[{self._drawn}A\x1b[J")  # a key that was pressed stands there, and moved the cursor
            self.out.flush()
            self._drawn = 0

    def _stage(self, service: str, stage: str, note: str = "") -> None:
        row = self._rows.get(service)
        if stage in STAGES:
            first = row is None or row.doing.partition(":")[0] not in STAGES.values()
            doing = f"{STAGES[stage]}: {note}" if note else STAGES[stage]
            self._change(service, doing, busy=True, swapping=True)
            if first:
                self._rows[service].since = self.clock()
        elif row is not None:
            row.swapping = True
        else:
            self._rows[service] = _Row("", self.clock(), swapping=True)

    def _receipt(self, service: str, result: str) -> None:
        if result == "failed":
            row = self._rows.get(service)
            if row is not None and not (row.busy or row.good):  # why is told already
                row.swapping = False
                return
            self._change(service, "failed", busy=False, good=False)
        elif result in {"live", "unchanged"}:
            self._change(service, "healthy", busy=False)
        elif service in self._rows:
            self._rows[service].swapping = False

    def _state(self, service: str, data: Any) -> None:
        row = self._rows.get(service)
        word = str(data.get("word") or data.get("state") or "")
        detail = str(data.get("detail") or "")
        if word == "running":
            if data.get("wanted") is False:
                self._change(service, "stopping", busy=True)
                return
            if row is None or not row.swapping:
                healthy = bool(data.get("healthy"))
                self._change(service, "healthy" if healthy else "running, not healthy yet", busy=not healthy)
        elif word in SETTLED:
            good = word not in {"blocked", "crashed", "held"}
            self._change(service, f"{word}: {detail}" if detail and not good else word, busy=False, good=good)
        elif word == "waiting" and detail:
            self._change(service, detail, busy=True)
        # `building` and `starting` are told more exactly by the stages

    def _change(self, service: str, doing: str, *, busy: bool, good: bool = True, swapping: bool = False) -> None:
        before = self._rows.get(service)
        text = doing.partition("\n")[0]
        if before is not None and before.doing == text:
            before.swapping = swapping
            return
        # the seconds of a service run from its first stage until it settles
        since = before.since if before is not None and before.busy else self.clock()
        heard = before is not None and before.busy and before.heard
        row = self._rows[service] = _Row(text, since, self.clock(), busy, good, swapping, heard=heard)
        if self.live:
            self._draw()
        elif not busy and (heard if good else not self.summed):
            self._tell(service, row)

    def _tell(self, service: str, row: _Row) -> None:
        row.told = row.heard = True
        self.line(f"{service}: {row.doing}")

    def line(self, text: str) -> None:
        """Print a line above the block."""
        self.clear()
        self.out.write(text + "\n")
        self.out.flush()
        if self.live:
            self._draw()

    def _draw(self) -> None:
        columns, lines = size(self.out)
        rows = [(name, row) for name, row in self._rows.items() if row.doing]
        if len(rows) > lines - 2:  # what is settled goes first when the terminal is low
            rows = [row for row in rows if row[1].busy][: max(lines - 2, 1)]
        names = max((width(name) for name, _ in rows), default=0)
        drawn = [self._row(name, row, names, columns - 1) for name, row in rows]
        self.clear()
        self.out.write("".join(f"{line}\x1b[K\n" for line in drawn))
        self.out.flush()
        self._drawn = len(drawn)

    def _row(self, name: str, row: _Row, names: int, columns: int) -> str:
        encoding = (getattr(self.out, "encoding", None) or "ascii").lower().replace("-", "")
        frames = SPINNER if encoding.startswith("utf") else PLAIN_SPINNER
        mark = frames[self._frame % len(frames)] if row.busy else ("✓" if row.good else "✗")
        if not encoding.startswith("utf") and not row.busy:
            mark = "+" if row.good else "x"
        spent = f"  {self.clock() - row.since:.0f} s" if row.busy and self.clock() - row.since >= 1 else ""
        text = cut(f"{mark} {name}{' ' * (names - width(name))}  {row.doing}{spent}", columns)
        colour = self.paint.yellow if row.busy else self.paint.green if row.good else self.paint.red
        return text.replace(mark, colour(mark), 1)
