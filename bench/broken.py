"""Saves under 200 requests a second: how many fail, who answers while the source is broken, and how fast the fix is.

Good saves: a new version each time. Broken ones: a syntax error in turn with a version that ends at its start; then
the fix. *Old kept* is the share of requests the old version answered from 0.2 s after the broken save on.
"""

from __future__ import annotations

import contextlib
import statistics
import time
import uuid
from dataclasses import dataclass, field

from bench import rivals, sources, table, tools
from bench.load import Load
from bench.reload import LIMIT, NEEDS
from bench.rivals import OURS, Kept

GOOD, BROKEN = 20, 6
DARK = 2.0
"""Seconds for which the source stays broken."""
LEFT_OUT = frozenset({"bare, no DWARF", "air, delay 0"})
DIES = {
    "python": "import module_that_is_nowhere\n",
    "go": "package main\n\nfunc main() { panic(1) }\n",
    "rust": "fn main() { panic!() }\n",
}
SYNTAX = {"python": "def broken(:\n", "go": "package main\n\nfunc main( {\n", "rust": "fn main( {\n"}


@dataclass
class Seen:
    """What the clients of one tool saw."""

    good: list[float] = field(default_factory=list)
    fixed: list[float] = field(default_factory=list)
    asked: int = 0
    failed: int = 0
    dark: int = 0
    kept: int = 0
    lost: int = 0
    slowest: float = 0.0


def main(*stacks: str) -> None:
    """Print a table a stack."""
    for stack in stacks or NEEDS:
        if tools.find(NEEDS[stack]) is None:
            print(f"{stack}: {NEEDS[stack]} is missing, not measured\n")
            continue
        names, missing = rivals.names(stack)
        rows = []
        for name in names:
            if name not in LEFT_OUT:
                rows += [row(stack, name, alive=alive) for alive in ((False, True) if name == OURS[0] else (False,))]
        heads = (
            "failed, good saves",
            "requests",
            "slowest ms",
            "old kept %",
            "save ms",
            "fix ms",
            "fix x save",
            "lost",
        )
        table.show((f"{stack}, {GOOD} good saves", *heads, "goal"), rows)
        if missing:
            print(f"not here, not measured: {', '.join(missing)} (see HYBRID_BENCH_TOOLS)\n")


def row(stack: str, name: str, *, alive: bool) -> tuple[str, ...]:
    """Measure one tool."""
    seen = Seen()
    with rivals.kept(name, stack) as service:
        saved(service, seen, Load(service.port), count=False)
        for _ in range(GOOD):
            saved(service, seen, Load(service.port, alive=alive))
        for number in range(BROKEN):
            broken(service, seen, (SYNTAX if number % 2 else DIES)[stack], alive=alive)
    fix = statistics.median(seen.fixed) if seen.fixed else float("inf")
    usual = statistics.median(seen.good) if seen.good else float("inf")
    whole = seen.failed == 0 and seen.kept == seen.dark and not seen.lost
    goal = ("reached" if whole else "MISSED") if name == OURS[0] else ""
    return (
        f"{name}{', keep-alive' if alive else ''}",
        str(seen.failed),
        str(seen.asked),
        f"{seen.slowest * 1000:.0f}",
        f"{seen.kept / max(1, seen.dark):.1%}",
        f"{usual * 1000:.0f}",
        f"{fix * 1000:.0f}",
        f"{fix / usual:.2f}",
        str(seen.lost),
        goal,
    )


def saved(service: Kept, seen: Seen, load: Load, *, count: bool = True) -> None:
    """Save a good version under load."""
    with load:
        time.sleep(0.3)
        taken = live(service, load)
        time.sleep(0.7)
    if not count:
        return
    seen.asked += load.asked
    seen.failed += load.failures.total()
    seen.slowest = max(seen.slowest, load.slowest)
    if taken is None:
        seen.lost += 1
    else:
        seen.good.append(taken)


def broken(service: Kept, seen: Seen, text: str, *, alive: bool) -> None:
    """Break the source under load, leave it so for a while, and repair it."""
    old = word_of(service)
    with Load(service.port, alive=alive) as load:
        time.sleep(0.3)
        service.file.write_text(text)
        with contextlib.suppress(OSError):
            service.by_hand()
        time.sleep(0.2)
        before, kept = load.asked, load.answers[old]
        time.sleep(DARK)
        seen.dark += load.asked - before
        seen.kept += load.answers[old] - kept
        taken = live(service, load)
    if taken is None:
        seen.lost += 1
    else:
        seen.fixed.append(taken)


def word_of(service: Kept) -> str:
    """Give the word the source on disk answers."""
    before, _, after = sources.TEXTS[service.stack].partition("WORD")
    return service.file.read_text().removeprefix(before).removesuffix(after)


def live(service: Kept, load: Load) -> float | None:
    """Save a new version and wait until the clients hear it."""
    word = f"v{uuid.uuid4().hex[:10]}"
    since = service.save(word)
    while time.perf_counter() - since < LIMIT:
        if load.answers[word]:
            return time.perf_counter() - since
        time.sleep(0.002)
    return None
