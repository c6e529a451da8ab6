"""What ten running services cost while nobody does anything, on a small tree and on one of 50,000 files.

CPU and memory (PSS) are those of the supervisor, the template and the shims together, without the services. *Armed*
is the time until every change is noticed: watches and one stat a file, on one walk; contents are hashed after that.
"""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import psutil

from bench import projects, sources, start20, table, tools
from hybrid_tasks.control.client import call
from hybrid_tasks.engine.observer import Observer
from hybrid_tasks.engine.snapshot import Tree
from hybrid_tasks.model.watching import Watch
from hybrid_tasks.testing.project import Project

COUNT = 10
FILES, A_FOLDER = 50_000, 20
IGNORED = 5_000
SECONDS = 60.0
MIB = 2**20


def main() -> None:
    """Print the tables."""
    if tools.find("go") is None:
        print("go is missing: nothing measured")
        return
    small, large = measured(0), measured(FILES)
    rows = [
        ("CPU, % of one core", f"{small['cpu']:.3f}", f"{large['cpu']:.3f}", table.verdict(large["cpu"], 0.1)),
        ("PSS, MB", f"{small['pss']:.1f}", f"{large['pss']:.1f}", table.verdict(small["pss"], 60)),
        ("PSS more, MB", "", f"{large['pss'] - small['pss']:.1f}", table.verdict(large["pss"] - small["pss"], 25)),
        *((f"PSS of the {kind}, MB", f"{small[kind]:.1f}", f"{large[kind]:.1f}", "") for kind in KINDS),
        ("inv dev-start, s", f"{small['start']:.2f}", f"{large['start']:.2f}", ""),
        ("inotify watches", f"{small['watches']:.0f}", f"{large['watches']:.0f}", ""),
    ]
    table.show((f"{COUNT} services, idle for {SECONDS:g} s", "small tree", f"{FILES:,} files", "goal"), rows)
    armed()


KINDS = ("supervisor", "template", "shims")


def measured(files: int) -> dict[str, float]:
    """Start ten services, the first of them with so many files, and look at them for a while."""
    ports = start20.distinct_ports(COUNT)
    made_of = {"hybrid.toml": "".join(start20.line(f"s{number}", port) for number, port in enumerate(ports))}
    for number in range(COUNT):
        made_of |= sources.service("go", "hello", f"s{number}")
    with projects.project(made_of) as made:
        start20.build(made.root / "server")
        grow(made.root / "s0", files)
        start = projects.start(made).wall
        groups = processes(made)
        everyone = [process for group in groups.values() for process in group]
        settle(everyone)
        spent, begin = cpu(everyone), time.monotonic()
        time.sleep(SECONDS)
        used = (cpu(everyone) - spent) / (time.monotonic() - begin) * 100
        memory = {kind: sum(map(pss, group)) for kind, group in groups.items()}
        watches = sum(watches_of(process) for process in groups["supervisor"])
    return {"cpu": used, "pss": sum(memory.values()), "start": start, "watches": watches, **memory}


def grow(root: Path, files: int) -> None:
    """Make a tree of so many files, and some more that are ignored."""
    for number in range(files // A_FOLDER):
        folder = root / f"part{number % 50}" / f"pack{number}"
        folder.mkdir(parents=True)
        for name in range(A_FOLDER):
            (folder / f"file{name}.txt").write_text(f"{number} {name}\n")
    for number in range(IGNORED // A_FOLDER if files else 0):
        folder = root / "node_modules" / f"pack{number}"
        folder.mkdir(parents=True)
        for name in range(A_FOLDER):
            (folder / f"file{name}.js").write_text("")


def processes(made: Project) -> dict[str, list[psutil.Process]]:
    """Give our processes of a project by what they are."""
    document, _ = call(made.root, "status", {}, environ=made.environ)
    assert isinstance(document, dict)
    supervisor = psutil.Process(document["supervisor"]["pid"])
    templates = [child for child in supervisor.children() if is_shim(child)]
    shims = [child for template in templates for child in template.children() if is_shim(child)]
    return {"supervisor": [supervisor], "template": templates, "shims": shims}


def is_shim(process: psutil.Process) -> bool:
    return any(word.endswith("hybrid_tasks/shim") for word in process.cmdline())


def pss(process: psutil.Process) -> float:
    """Give the memory of a process in MB, what is shared divided among those who share it."""
    return float(process.memory_full_info().pss) / MIB


def cpu(group: list[psutil.Process]) -> float:
    """Give the processor seconds of processes, with all their threads, from the scheduler's own count."""
    return sum(
        int(file.read_text().split()[0]) / 1e9
        for process in group
        for file in Path(f"/proc/{process.pid}/task").glob("*/schedstat")
    )


def settle(group: list[psutil.Process], limit: float = 120.0) -> None:
    """Wait until what follows a start (hashing) is over: three seconds with next to no work."""
    end = time.monotonic() + limit
    while time.monotonic() < end:
        before = cpu(group)
        time.sleep(3)
        if cpu(group) - before < 0.015:
            return


def watches_of(process: psutil.Process) -> int:
    """Count the inotify watches of a process."""
    return sum(text.count("inotify wd:") for text in told(process))


def told(process: psutil.Process) -> Iterator[str]:
    for file in Path(f"/proc/{process.pid}/fdinfo").iterdir():
        yield file.read_text()


def armed(rounds: int = 9) -> None:
    """Measure how long it takes until every change on the large tree is noticed, and until all is hashed."""
    with projects.folder() as root:
        grow(root, FILES)
        watch = Watch((root,))
        bare, arming, hashing = [], [], []
        for _ in range(rounds):
            begin = time.perf_counter()
            look(root)
            bare.append(time.perf_counter() - begin)
            observer, tree = Observer(lambda _: None, root), Tree(watch, root)
            begin = time.perf_counter()
            tree.scan(partial(observer.watch, "large", watch))
            looked = time.perf_counter()
            tree.snapshot()
            arming.append(looked - begin)
            hashing.append(time.perf_counter() - looked)
            observer.close()
    rows = [
        ("bare: list and stat everything", table.ms(bare), ""),
        ("armed: rules, watches and stat", table.ms(arming), table.verdict(statistics.median(arming), 0.3)),
        ("all hashed", table.ms(hashing), ""),
    ]
    table.show((f"{FILES:,} files, median of {rounds}", "ms", "goal, s"), rows)


def look(root: Path) -> None:
    """List a tree and look at its files, as the least that arming can cost; without the ignored directory."""
    pending = [os.fspath(root)]
    while pending:
        with os.scandir(pending.pop()) as found:
            for entry in found:
                if not entry.is_dir():
                    entry.stat()
                elif entry.name != "node_modules":
                    pending.append(entry.path)
