"""From a save to the new version answering: the first of its answers after which no old one comes.

All tools run at the same time, each with a copy of the same service, and are saved to in turn, one at a time.
*Bare* builds by hand at once, kills the old one and starts the new one.
"""

from __future__ import annotations

import contextlib
import json
import statistics
import time
import uuid
from collections import defaultdict

from bench import rivals, sources, table, tools
from bench.asking import Watcher
from bench.rivals import BARE, COLD, OURS, REPLACE, WARM, Kept

SAVES = 15
PAUSE = 1.5
"""Seconds between two saves of one service, at least."""
LIMIT = 20.0
GOALS = {
    "python": (1.15, None),
    "python-warm": (0.35,),
    "fastapi-warm": (0.15,),
    "go": (0.85, 1.10),
    "rust": (1.10, 1.10),
}
"""Times bare, of each of our ways; none where the old version is let end and bare kills it."""
RIVALS = {
    "python-warm": ("uvicorn --reload", 0.12),
    "go": ("air", 0.25),
    "rust": ("cargo-watch", 0.22),
}
"""The usual tool, and how many times of what it takes ours takes at most."""
NEEDS = {"python": "python", "go": "go", "rust": "cargo"}
NAMES = {"python": (COLD, REPLACE), "python-warm": (WARM,), "fastapi-warm": (WARM,)}
"""Our ways that are measured, where they are not the usual ones."""


def main(*stacks: str) -> dict[str, dict[str, list[float]]]:
    """Print a table a stack.

    Args:
        stacks: which; all when none is named.

    Returns:
        the seconds of every save by tool, by stack.
    """
    kept = {}
    for stack in stacks or GOALS:
        goals = dict(zip(NAMES.get(stack, OURS), GOALS[stack], strict=True))
        if tools.find(NEEDS[sources.LANGUAGES[stack]]) is None:
            print(f"{stack}: {NEEDS[sources.LANGUAGES[stack]]} is missing, not measured\n")
            continue
        samples, stages, missing = measured(stack)
        rows = []
        kept[stack] = {}
        for name, taken in samples.items():
            live = kept[stack][name] = [seconds for seconds in taken if seconds is not None]
            times = table.ratio(live, [second for second in samples[BARE] if second]) if live else float("inf")
            rows.append(
                (
                    name,
                    table.ms(live),
                    f"{times:.2f}",
                    len(taken) - len(live),
                    table.verdict(times, goals.get(name)),
                )
            )
        table.show((f"{stack}, median of {SAVES} saves", "ms", "x bare", "never live", "goal"), rows)
        rival, most = RIVALS.get(stack, ("", 0))
        if kept[stack].get(rival):
            ours = NAMES.get(stack, OURS)[0]
            times = table.ratio(kept[stack][ours], kept[stack][rival])
            print(f"{ours}: {times:.2f} x {rival}, {table.verdict(times, most)}\n")
        for name, parts in stages.items():
            print(f"{name}, medians of its receipts: " + ", ".join(f"{part} {ms:.0f} ms" for part, ms in parts.items()))
        if missing:
            print(f"\nnot here, not measured: {', '.join(missing)} (see HYBRID_BENCH_TOOLS)")
        print()
    return kept


def measured(stack: str) -> tuple[dict[str, list[float | None]], dict[str, dict[str, float]], list[str]]:
    """Save to every tool in turn; None stands for a save that never was live."""
    names, missing = rivals.names(stack, NAMES.get(stack, OURS))
    samples: dict[str, list[float | None]] = {name: [] for name in names}
    last = dict.fromkeys(names, 0.0)
    with contextlib.ExitStack() as stack_of_tools:
        services = {name: stack_of_tools.enter_context(rivals.kept(name, stack)) for name in names}
        for number in range(SAVES + 2):
            for name in names if number % 2 else reversed(names):
                time.sleep(max(0.2, last[name] + PAUSE - time.monotonic()))
                taken = saved(services[name])
                last[name] = time.monotonic()
                if number >= 2:  # the first ones fill the caches of builds
                    samples[name].append(taken)
        stages = {name: stages_of(services[name]) for name in NAMES.get(stack, OURS)}
    return samples, stages, missing


def saved(service: Kept) -> float | None:
    """Save a new version, and give the seconds until it answers."""
    word = f"v{uuid.uuid4().hex[:10]}"
    with Watcher(service.port) as watcher:
        since = service.save(word)
        return watcher.live(word, since, LIMIT)


def stages_of(service: Kept) -> dict[str, float]:
    """Give the medians of the stages that the receipts tell, in milliseconds."""
    assert service.project is not None
    [file] = (service.project.root.parent / "state").rglob("receipts.jsonl")
    found: dict[str, list[float]] = defaultdict(list)
    for line in file.read_text().splitlines():
        receipt = json.loads(line)
        if receipt["trigger"] == "save":
            for stage in receipt["stages"]:
                found[stage["name"]].append(stage["ms"])
    return {name: statistics.median(taken) for name, taken in found.items()}
