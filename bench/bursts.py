"""How often each tool puts a new version up for one burst of saves, and whether the last content is what runs.

A cell is the number of new versions that were put up (receipts of hybrid-tasks, starts of others); `wrong` means
that what runs in the end is not what is on disk. The service is a Python one that answers the digest of all its
sources; the last two rows repeat one thing and count how often the end was right.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import time
import uuid
from collections.abc import Callable
from pathlib import Path

from bench import asking, rivals, sources, table, tools
from bench.rivals import OURS, Kept

TRIALS = 100
TRIALS_OF_OTHERS = 20
STALE = 20
LIMIT = 15.0
SETTLE = 1.5
"""Seconds without anything new after which a burst is over."""
SERVICE = """
import hashlib, os
with open(STARTS, "a") as file:
    file.write("x")
found = hashlib.sha256()
for folder, folders, names in os.walk(os.path.dirname(os.path.abspath(__file__)), followlinks=True):
    folders[:] = sorted(name for name in folders if name not in IGNORED)
    for name in sorted(names):
        if name.endswith(".py"):
            with open(os.path.join(folder, name), "rb") as file:
                found.update(file.read())
VERSION = found.hexdigest()[:12]  # WORD
"""
IGNORED = (".git", "node_modules", ".venv", "target", "dist", "__pycache__")
LEFT_OUT = frozenset({"hybrid-tasks replace", "bare", "bare, no DWARF"})


def main() -> None:
    """Print the tables."""
    names, missing = rivals.names("python")
    names = [name for name in names if name not in LEFT_OUT]
    told = {name: of_one(name) for name in names}
    rows = [
        (case.replace("_", " "), ideal, *(cell(told[name][case]) for name in names), goal(told[OURS[0]][case], ideal))
        for case, (ideal, _) in CASES.items()
    ]
    table.show(("python: one burst", "ideal", *names, "goal"), rows)
    if missing:
        print(f"not here, not measured: {', '.join(missing)} (see HYBRID_BENCH_TOOLS)\n")
    stale = {name: same_size(name) for name in names}
    heads = ("python: right in the end", *names, "goal")
    table.show(heads, [("two saves of one size within a second", *stale.values(), right(stale, STALE))])
    if tools.find("go"):
        others = [name for name in rivals.names("go")[0] if name not in LEFT_OUT]
        during = {name: during_build(name, TRIALS if name in OURS else TRIALS_OF_OTHERS) for name in others}
        row = ("a second save during the build", *during.values(), right(during, TRIALS))
        table.show(("go: right in the end", *others, "goal"), [row])


def cell(found: tuple[int, bool]) -> str:
    return f"{found[0]}{'' if found[1] else ' wrong'}"


def goal(found: tuple[int, bool], ideal: int) -> str:
    return "reached" if found == (ideal, True) else "MISSED"


def right(found: dict[str, str], count: int) -> str:
    return "reached" if found[OURS[0]] == f"{count} of {count}" else "MISSED"


def of_one(name: str) -> dict[str, tuple[int, bool]]:
    """Try every burst on one tool."""
    with rivals.kept(name, "python") as service:
        log = service.root.parent / "starts"
        log.write_text("")
        plain = sources.PYTHON.replace('VERSION = "WORD"\n', "")
        head = SERVICE.replace("STARTS", repr(str(log))).replace("IGNORED", repr(IGNORED))
        body = head + plain

        def save(text: str) -> None:
            service.file.write_text(body.replace("WORD", text))

        save("first")
        over(service, log)
        found = {}
        for case, (_, burst) in CASES.items():
            before = versions(service, log)
            burst(service.root, save)
            over(service, log)
            found[case] = versions(service, log) - before, answered(service.port) == digest(service.root)
            if not found[case][1]:
                save(uuid.uuid4().hex)  # wake it up for the next burst
                over(service, log)
        return found


def versions(service: Kept, log: Path) -> int:
    """Count what was put up until now."""
    if service.project is None:
        return log.stat().st_size
    [file] = (service.project.root.parent / "state").rglob("receipts.jsonl")
    return sum(json.loads(line)["result"] == "live" for line in file.read_text().splitlines())


def over(service: Kept, log: Path) -> None:
    """Wait until a burst is over."""
    last, since = (-1, ""), time.monotonic()
    end = since + LIMIT
    while time.monotonic() < end and (time.monotonic() - since < SETTLE or not last[1]):
        now = log.stat().st_size, answered(service.port)
        if now != last:
            last, since = now, time.monotonic()
        time.sleep(0.05)


def answered(port: int) -> str:
    with contextlib.suppress(OSError):
        return asking.get(port, 2.0)
    return ""


def digest(root: Path) -> str:
    """Give what the service should answer."""
    found = hashlib.sha256()
    for folder, folders, names in os.walk(root, followlinks=True):
        folders[:] = sorted(name for name in folders if name not in IGNORED)
        for name in sorted(names):
            if name.endswith(".py"):
                found.update(Path(folder, name).read_bytes())
    return found.hexdigest()[:12]


# the bursts

Save = Callable[[str], None]


def two_hundred_files(root: Path, save: Save) -> None:
    for number in range(200):
        (root / f"module_{number}.py").write_text(f"X = {number}  # {uuid.uuid4().hex}\n")
    save("two hundred")


def atomic_save(root: Path, save: Save) -> None:
    del save
    fresh = root / ".main.py.new"
    fresh.write_text((root / "main.py").read_text() + "# atomic\n")
    fresh.replace(root / "main.py")


def vim_style_save(root: Path, save: Save) -> None:
    (root / "4913").write_text("")
    (root / "4913").unlink()
    (root / ".main.py.swp").write_text("b0VIM")
    (root / "main.py").rename(root / "main.py~")
    save("vim")
    (root / "main.py~").unlink()
    (root / ".main.py.swp").unlink()


def directory_created_later(root: Path, save: Save) -> None:
    del save
    (root / "later" / "deep").mkdir(parents=True)
    (root / "later" / "deep" / "late.py").write_text("X = 1\n")


def file_in_it_changed(root: Path, save: Save) -> None:
    del save
    (root / "later" / "deep" / "late.py").write_text("X = 22\n")


def directory_moved_in(root: Path, save: Save) -> None:
    del save
    outside = root.parent / "outside"
    outside.mkdir()
    (outside / "moved.py").write_text("X = 1\n")
    outside.rename(root / "moved")


def file_in_the_moved_one(root: Path, save: Save) -> None:
    del save
    (root / "moved" / "moved.py").write_text("X = 22\n")


def directory_symlinked_in(root: Path, save: Save) -> None:
    del save
    target = root.parent / "target_of_link"
    target.mkdir()
    (target / "linked.py").write_text("X = 1\n")
    (root / "linked").symlink_to(target)


def file_behind_the_symlink(root: Path, save: Save) -> None:
    del save
    (root.parent / "target_of_link" / "linked.py").write_text("X = 22\n")


def touch(root: Path, save: Save) -> None:
    del save
    os.utime(root / "main.py")


def unchanged_save(root: Path, save: Save) -> None:
    del save
    (root / "main.py").write_text((root / "main.py").read_text())


def swap_files(root: Path, save: Save) -> None:
    del save
    for name in (".main.py.swp", ".main.py.swx", "main.py~", "#main.py#", "4913"):
        (root / name).write_text("editor")
        (root / name).unlink()


def ignored_directories(root: Path, save: Save) -> None:
    del save
    for name in IGNORED:
        (root / name / "pkg").mkdir(parents=True, exist_ok=True)
        (root / name / "pkg" / "file.py").write_text(uuid.uuid4().hex)


CASES: dict[str, tuple[int, Callable[[Path, Save], None]]] = {
    function.__name__: (ideal, function)
    for ideal, functions in {
        1: (
            two_hundred_files,
            atomic_save,
            vim_style_save,
            directory_created_later,
            file_in_it_changed,
            directory_moved_in,
            file_in_the_moved_one,
            directory_symlinked_in,
            file_behind_the_symlink,
        ),
        0: (touch, unchanged_save, swap_files, ignored_directories),
    }.items()
    for function in functions
}
"""What a tool should do with each burst: how many new versions, and the burst."""


def same_size(name: str) -> str:
    """Save twice within a second, both of one size, again and again, and count how often the second one runs."""
    with rivals.kept(name, "python") as service:
        good = 0
        for number in range(STALE):
            for part in "ab":
                service.save(f"w{number:03}{part}")
                end = time.monotonic() + 0.45
                while part == "a" and time.monotonic() < end and answered(service.port) != f"w{number:03}a":
                    time.sleep(0.01)
            good += reached(service, f"w{number:03}b")
    return f"{good} of {STALE}"


def during_build(name: str, trials: int) -> str:
    """Save a second time while the first save is being built, and count how often the second one runs."""
    with rivals.kept(name, "go") as service:
        good = 0
        for number in range(trials):
            service.save(f"first{number}")
            time.sleep(0.02 + 0.4 * number / trials)
            service.save(f"second{number}")
            good += reached(service, f"second{number}")
    return f"{good} of {trials}"


def reached(service: Kept, word: str, settle: float = 0.4) -> bool:
    """Whether a version is what answers in the end."""
    end, since = time.monotonic() + LIMIT / 5, None
    while time.monotonic() < end:
        if answered(service.port) != word:
            since = None
        elif since is None:
            since = time.monotonic()
        elif time.monotonic() - since > settle:
            return True
        time.sleep(0.02)
    return False
