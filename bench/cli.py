"""What a command costs before it does anything: `inv` with our tasks beside `inv` with an empty `tasks.py`."""

from __future__ import annotations

from bench import projects, sources, table
from bench.projects import INV, timed
from hybrid_tasks.testing.project import free_port

PAIRS = 25
EMPTY = "inv --list, empty tasks.py"
GOALS = {"inv --list": 1.10, "inv dev-status": 1.15}


def main() -> None:
    """Print the table."""
    port = free_port()
    with projects.project(sources.project("python", port)) as made, projects.folder() as empty:
        (empty / "tasks.py").write_text("")
        projects.start(made)
        measures = {
            "python -c pass": lambda: timed([projects.PYTHON, "-c", "pass"], empty, made.environ),
            EMPTY: lambda: timed([INV, "--list"], empty, made.environ, (0, 1)),
            "inv --list": lambda: timed([INV, "--list"], made.root, made.environ),
            "inv dev-status": lambda: timed([INV, "dev-status"], made.root, made.environ),
            "inv dev-status --json": lambda: timed([INV, "dev-status", "--json"], made.root, made.environ),
        }
        samples = table.rounds(measures, PAIRS, warm=2)
    walls = {name: [took.wall for took in taken] for name, taken in samples.items()}
    cpus = {name: [took.cpu for took in taken] for name, taken in samples.items()}
    empty_wall, empty_cpu = walls[EMPTY], cpus[EMPTY]
    rows = []
    for name in samples:
        times = table.ratio(walls[name], empty_wall)
        burnt = f"{table.ratio(cpus[name], empty_cpu):.2f}"
        goal = table.verdict(times, GOALS.get(name))
        rows.append((name, table.ms(walls[name]), f"{times:.2f}", table.ms(cpus[name]), burnt, goal))
    table.show((f"command, median of {PAIRS} in turn", "ms", "x empty", "CPU ms", "x empty", "goal"), rows)
