"""Samples of what was measured, and the Markdown table they are printed as."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

T = TypeVar("T")


def rounds(measures: Mapping[str, Callable[[], T]], count: int, warm: int = 1) -> dict[str, list[T]]:
    """Measure several things in turn, so that what disturbs the machine disturbs all of them.

    Args:
        measures: what gives one sample, by name.
        count: samples of each.
        warm: rounds before, that do not count.

    Returns:
        the samples by name.
    """
    samples: dict[str, list[T]] = {name: [] for name in measures}
    names = list(measures)
    for number in range(warm + count):
        for name in names if number % 2 else reversed(names):
            sample = measures[name]()
            if number >= warm:
                samples[name].append(sample)
    return samples


def ms(samples: Sequence[float]) -> str:
    """Write the median of seconds in milliseconds, and between what the middle half lies."""
    if not samples:
        return "-"
    low, high = middle_half(samples)
    return f"{statistics.median(samples) * 1000:.1f} ({low * 1000:.0f}-{high * 1000:.0f})"


def middle_half(samples: Sequence[float]) -> tuple[float, float]:
    """Give the quartiles."""
    if len(samples) < 2:
        return samples[0], samples[0]
    low, _, high = statistics.quantiles(samples, n=4, method="inclusive")
    return low, high


def ratio(samples: Sequence[float], limit: Sequence[float]) -> float:
    """Give the ratio of two medians of one run."""
    return statistics.median(samples) / statistics.median(limit)


def verdict(value: float, goal: float | None) -> str:
    """Write a goal (at most so much) and whether a value reaches it."""
    if goal is None:
        return ""
    return f"<= {goal:g} {'reached' if value <= goal else 'MISSED'}"


def show(heads: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print a Markdown table; all but the first column are aligned right."""
    cells = [list(heads), *([str(cell) for cell in row] for row in rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(heads))]
    cells.insert(1, ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])])
    for row in cells:
        first, *rest = (
            cell.ljust(width) if not n else cell.rjust(width)
            for n, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        print("| " + " | ".join((first, *rest)) + " |")
    print(flush=True)
