"""`python -m bench [--out FOLDER] [name…]`: run the named benches, or all of them, and print their tables.

`name:part` measures a part of a bench: `python -m bench reload:go`. With `--out` the tables are kept as Markdown,
the samples of reloads as JSON and as a plot.
"""

from __future__ import annotations

import argparse
import sys
from importlib import import_module
from pathlib import Path

from bench import machine
from bench.report import Report

BENCHES = ("cli", "start20", "reload", "handover", "growth", "idle", "logs", "broken", "bursts", "streams")
"""In this order; each is a module here with a `main()`, which may give samples for the plot."""


def main() -> int:
    """Run what the command line names, and give the exit code."""
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measure this project beside other tools.")
    parser.add_argument("names", nargs="*", help=f"of {', '.join(BENCHES)}; all when none is named")
    parser.add_argument("--out", type=Path, metavar="FOLDER", help="keep tables, samples and plot there")
    asked = parser.parse_args()
    names = asked.names or BENCHES
    if unknown := [name for name in names if name.partition(":")[0] not in BENCHES]:
        parser.error(f"no bench `{unknown[0]}`; there are: {', '.join(BENCHES)}")
    report = Report(asked.out)
    try:
        print(machine.line())
        for word in names:
            name, _, part = word.partition(":")
            module = import_module(f"bench.{name}")
            print(f"\n## {name}\n\n{(module.__doc__ or '').splitlines()[0]}\n", flush=True)
            for heading, samples in (module.main(*filter(None, [part])) or {}).items():
                report.keep(heading, samples)
    finally:
        report.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
