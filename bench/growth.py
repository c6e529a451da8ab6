"""A reload in a project of fifty running, watched services beside the same reload in a project of one.

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

COUNT = 50
SAVES = 15
GOAL = 1.15


def main() -> None:
    """Print the table."""
    if tools.find("go") is None:
        print("go is missing: nothing measured")
        return
    with contextlib.ExitStack() as stack:
        services = {
            "1 service": stack.enter_context(project_of(1)),
            f"{COUNT} services": stack.enter_context(project_of(COUNT)),
        }

        def measure(name: str) -> float:
            time.sleep(PAUSE)
            taken = saved(services[name])
            assert taken is not None, "the save never was live"
            return taken

        samples = table.rounds({name: functools.partial(measure, name) for name in services}, SAVES, warm=2)
    one, many = samples.values()
    times = table.ratio(many, one)
    table.show(
        (f"save to answer, median of {SAVES}", "ms", "x one", "goal"),
        [
            ("1 service", table.ms(one), "1.00", ""),
            (f"{COUNT} services", table.ms(many), f"{times:.2f}", table.verdict(times, GOAL)),
        ],
    )


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
