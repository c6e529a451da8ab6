"""What a run leaves beside its output: the same tables as a Markdown file, the samples as JSON, and a plot of them."""

from __future__ import annotations

import json
import statistics
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TextIO

TABLES, SAMPLES, PLOT = "results.md", "samples.json", "reload.png"
COLOURS = {"ours": "#2b7a4b", "bare": "#8a8a8a", "other": "#c9c9c9"}

Samples = Mapping[str, Sequence[float]]


class Report:
    """A folder that takes what a run prints and measures.

    Args:
        folder: made when it is not there; None: nothing is kept.
    """

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._samples: dict[str, dict[str, list[float]]] = {}
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
            self._file = (folder / TABLES).open("w", encoding="utf-8")
            self._printed, sys.stdout = sys.stdout, _Both(sys.stdout, self._file)

    def keep(self, heading: str, samples: Samples) -> None:
        """Keep the samples of a table (seconds, by name) for the plot."""
        self._samples[heading] = {name: list(taken) for name, taken in samples.items()}

    def close(self) -> None:
        """Write what was kept, and draw it."""
        if self._folder is None:
            return
        sys.stdout = self._printed
        self._file.close()
        if self._samples:
            (self._folder / SAMPLES).write_text(json.dumps(self._samples, indent=1) + "\n", "utf-8")
            draw(self._samples, self._folder / PLOT)


class _Both:
    """Prints to two places.

    Args:
        first: the terminal.
        second: the file.
    """

    def __init__(self, first: TextIO, second: TextIO) -> None:
        self._places = (first, second)

    def write(self, text: str) -> int:
        for place in self._places:
            place.write(text)
        return len(text)

    def flush(self) -> None:
        for place in self._places:
            place.flush()


def draw(samples: Mapping[str, Samples], file: Path) -> None:
    """Draw the medians of every heading as bars, with the middle half of the samples as a line.

    Args:
        samples: seconds by name, by heading.
        file: the PNG that is written; nothing is when matplotlib (extra `bench`) is missing.
    """
    try:
        import matplotlib as mpl
    except ImportError:
        print("matplotlib is missing, no plot: pip install 'hybrid-tasks[bench]'", file=sys.stderr)
        return
    mpl.use("Agg")
    from matplotlib import pyplot as plt

    shown = {heading: {name: taken for name, taken in rows.items() if taken} for heading, rows in samples.items()}
    heights = [len(rows) for rows in shown.values()]
    figure, axes = plt.subplots(
        len(shown), 1, figsize=(8, 0.34 * sum(heights) + 0.9 * len(shown)), height_ratios=heights, squeeze=False
    )
    for axis, (heading, rows) in zip(axes[:, 0], shown.items(), strict=True):
        names = sorted(rows, key=lambda name, rows=rows: statistics.median(rows[name]), reverse=True)
        values = [statistics.median(rows[name]) * 1000 for name in names]
        axis.barh(names, values, color=[COLOURS[_kind(name)] for name in names], height=0.7)
        for number, value in enumerate(values):
            axis.annotate(f" {value:,.0f}", (value, number), va="center", fontsize=8)
        axis.set_title(f"{heading}: ms from the save to the new version answering", loc="left", fontsize=9)
        axis.tick_params(labelsize=8)
        axis.set_xlim(0, max(values) * 1.12)
        axis.spines[["top", "right"]].set_visible(False)
    figure.tight_layout()
    figure.savefig(file, dpi=130)
    plt.close(figure)


def _kind(name: str) -> str:
    return "ours" if name.startswith("hybrid-tasks") else "bare" if name.startswith("bare") else "other"
