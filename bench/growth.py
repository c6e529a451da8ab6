"""A reload in projects of ten and of fifty running, watched services beside the same reload in a project of one.

The edited service is a Python one, the others are tiny Go programs with sources of their own.
"""

from __future__ import annotations

import contextlib
import functools
import time
from collections.abc import Iterator

from bench import projects, sources, start20, table, tools
from bench.reload import PAUSE, saved
from bench.rivals import Kept

COUNTS = (1, 10, 50)
SAVES = 15
GOAL = 1.15


def main() -> None:
    """Print the table."""
    if tools.find("go") is None:
        print("go is missing: nothing measured")
        return
    with contextlib.ExitStack() as stack:
        services = {count: stack.enter_context(project_of(count)) for count in COUNTS}

        def measure(count: int) -> float:
            time.sleep(PAUSE)
            taken = saved(services[count])
            assert taken is not None, "the save never was live"
            return taken

        measures = {f"{count} watched": functools.partial(measure, count) for count in COUNTS}
        samples = table.rounds(measures, SAVES, warm=2)
    one = samples[f"{COUNTS[0]} watched"]
    rows = []
    for name, taken in samples.items():
        times = table.ratio(taken, one)
        rows.append((name, table.ms(taken), f"{times:.2f}", table.verdict(times, GOAL) if taken is not one else ""))
    table.show((f"save to answer, median of {SAVES}", "ms", "x one", "goal"), rows)


@contextlib.contextmanager
def project_of(count: int) -> Iterator[Kept]:
    """A running project of so many services, of which one is edited."""
    web, *ports = start20.distinct_ports(count)
    files = sources.project("python", web, 'listen = "inherit"')
    for number, port in enumerate(ports):
        files["hybrid.toml"] += start20.line(f"s{number}", port)
        files |= sources.service("go", "hello", f"s{number}")
    with projects.project(files) as made:
        start20.build(made.root / "server")
        projects.start(made)
        yield Kept("python", web, made.root / "web", project=made)
