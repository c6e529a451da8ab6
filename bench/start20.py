"""Twenty tiny Go services (built before): until all are healthy, and until all are gone.

*Bare* spawns the programs in parallel and asks each until it answers. The running supervisor is asked over its
socket; the cold start is the whole `inv dev-start`, with nothing running before it.
"""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from bench import asking, projects, sources, table, tools
from bench.projects import INV, timed
from bench.running import Program
from hybrid_tasks.control.client import call
from hybrid_tasks.testing.project import Project, free_port

COUNT = 20
ROUNDS = 7
EMPTY = "inv --list, empty tasks.py"


def main() -> None:
    """Print the tables."""
    if tools.find("go") is None:
        print("go is missing: nothing measured")
        return
    names = [f"s{number}" for number in range(COUNT)]
    ports = distinct_ports(COUNT + 1)
    services = dict(zip(names, ports, strict=False))
    every = {**services, "keeper": ports[-1]}
    files = {"hybrid.toml": "".join(line(name, port) for name, port in every.items())}
    for name in every:
        files |= sources.service("go", name, name)
    with projects.project(files) as made, projects.folder() as empty:
        (empty / "tasks.py").write_text("")
        build(made.root / "server")
        measured = warm(made, services)
        cold_rounds = table.rounds(
            {
                "cold": lambda: cold(made, ports),
                EMPTY: lambda: timed([INV, "--list"], empty, made.environ, (0, 1)).wall,
            },
            ROUNDS,
        )
    bare = measured["bare"]
    rows_of = [
        (name, table.ms(taken), f"{table.ratio(taken, bare):.2f}", table.verdict(table.ratio(taken, bare), goal))
        for (name, taken), goal in ((item, 3 if item[0] == "hybrid-tasks" else None) for item in measured.items())
        if taken and "stop" not in name
    ]
    table.show((f"{COUNT} services healthy, median of {ROUNDS}", "ms", "x bare", "goal"), rows_of)
    times = table.ratio(cold_rounds["cold"], cold_rounds[EMPTY])
    table.show(
        ("cold start", "ms", "x empty", "goal"),
        [
            (EMPTY, table.ms(cold_rounds[EMPTY]), "1.00", ""),
            ("inv dev-start, nothing running", table.ms(cold_rounds["cold"]), f"{times:.2f}", table.verdict(times, 6)),
        ],
    )
    stopped = {name: taken for name, taken in measured.items() if "stop" in name and taken}
    goal_of = {"hybrid-tasks: stop": 0.5}
    table.show(
        ("all gone", "ms", "goal"),
        [
            (name, table.ms(taken), table.verdict(sorted(taken)[len(taken) // 2], goal_of.get(name)))
            for name, taken in stopped.items()
        ],
    )


def distinct_ports(count: int) -> list[int]:
    """Give ports that nobody listens on now."""
    found: dict[int, None] = {}
    while len(found) < count:
        found[free_port()] = None
    return list(found)


def line(name: str, port: int) -> str:
    """Describe a service that is a program built before; its source is watched."""
    return f'[services.{name}]\ndir = "{name}"\ncommand = ["../server"]\nport = {port}\nhealth = "/"\n\n'


def build(program: Path) -> None:
    """Build the Go service."""
    with projects.folder() as place:
        for name, text in sources.service("go", "hello").items():
            (place / name).write_text(text)
        words = [tools.find("go") or "go", "build", "-o", str(program), "."]
        subprocess.run(words, cwd=place, env=projects.environment(), check=True, timeout=300)


def warm(made: Project, services: dict[str, int]) -> dict[str, list[float]]:
    """Measure all that starts and stops the twenty while the rest of it runs already."""
    honcho = tools.find_or_install("honcho")
    procfile = "".join(f"{name}: env PORT={port} ./server\n" for name, port in services.items())
    made.write("Procfile", procfile)
    projects.start(made, "keeper")
    samples: dict[str, list[float]] = {
        "bare": [],
        "hybrid-tasks": [],
        "hybrid-tasks: inv dev-start": [],
        "honcho": [],
        "bare: stop": [],
        "hybrid-tasks: stop": [],
        "honcho: stop": [],
    }
    for number in range(ROUNDS + 1):
        for name, measure in measures(made, services, honcho).items():
            begun, ended = measure()
            if number:
                samples[name].append(begun)
                samples.setdefault(f"{name}: stop", []).append(ended)
    samples.pop("hybrid-tasks: inv dev-start: stop", None)
    return samples


def measures(
    made: Project, services: dict[str, int], honcho: str | None
) -> dict[str, Callable[[], tuple[float, float]]]:
    """Give what starts all of them, waits, stops all of them, and gives the seconds of both."""
    every = {
        "bare": lambda: bare(made, services),
        "hybrid-tasks": lambda: asked(made, services),
        "hybrid-tasks: inv dev-start": lambda: by_task(made, services),
    }
    return every if honcho is None else {**every, "honcho": lambda: by_honcho(made, services, honcho)}


def bare(made: Project, services: dict[str, int]) -> tuple[float, float]:
    """Spawn them all, and ask until all have answered."""
    begin = time.perf_counter()
    programs = [Program(["./server"], made.root, {**made.environ, "PORT": str(port)}) for port in services.values()]
    asking.all_answer(services.values())
    begun, begin = time.perf_counter() - begin, time.perf_counter()
    for program in programs:
        program.child.terminate()
    for program in programs:
        program.child.wait()
    return begun, time.perf_counter() - begin


def asked(made: Project, services: dict[str, int]) -> tuple[float, float]:
    """Ask the running supervisor, as `inv` does."""
    begin = time.perf_counter()
    _, code = call(made.root, "start", {"services": list(services)}, environ=made.environ)
    begun = time.perf_counter() - begin
    assert code == 0
    assert all(asking.answers(port) for port in services.values()), "not healthy"
    begin = time.perf_counter()
    call(made.root, "stop", {"services": list(services)}, environ=made.environ)
    return begun, time.perf_counter() - begin


def by_task(made: Project, services: dict[str, int]) -> tuple[float, float]:
    """Let `inv` ask the running supervisor."""
    begun = projects.start(made, *services).wall
    return begun, timed([INV, "dev-stop", *services], made.root, made.environ).wall


def by_honcho(made: Project, services: dict[str, int], honcho: str) -> tuple[float, float]:
    """Start the same Procfile with honcho."""
    begin = time.perf_counter()
    program = Program([honcho, "start"], made.root, made.environ)
    asking.all_answer(services.values())
    return time.perf_counter() - begin, program.stop()


def cold(made: Project, ports: list[int]) -> float:
    """Start everything with nothing running, and stop it again."""
    timed([INV, "dev-stop"], made.root, made.environ, (0, 3))
    asking.until(lambda: not made.survivors())
    spent = projects.start(made, "--all").wall
    assert all(asking.answers(port) for port in ports), "not healthy"
    return spent
