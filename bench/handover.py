"""Saves under 200 requests a second: how many requests fail, and for how long nobody answers.

The *gap* of a save is the longest time between two answers while it goes live (5 ms when nothing happens at all).
*Bare, handed over* builds by hand, starts the new one on the very socket of the old one, and ends the old one once
the new one has answered: the least that a switch can cost.
"""

from __future__ import annotations

import contextlib
import itertools
import signal
import socket
import statistics
import subprocess
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from bench import asking, projects, rivals, sources, table, tools
from bench.broken import LEFT_OUT, SYNTAX
from bench.load import Load
from bench.reload import LIMIT, NEEDS
from bench.rivals import FRONT, OURS, Kept
from bench.running import Program

SAVES = 100
SAVES_OF_OTHERS = 20
HANDED = "bare, handed over"
GOAL, FRONT_GOAL = 2.0, 0.1
"""Of the gap: times that of a bare hand-over; and seconds, through the front."""
DARK = 30.0
"""Seconds for which the source stays broken."""


@dataclass
class Seen:
    """What the clients of one tool saw."""

    gaps: list[float] = field(default_factory=list)
    asked: int = 0
    failed: int = 0
    lost: int = 0


def main(*stacks: str) -> None:
    """Print a table a stack."""
    for stack in stacks or NEEDS:
        if tools.find(NEEDS[stack]) is None:
            print(f"{stack}: {NEEDS[stack]} is missing, not measured\n")
            continue
        names, missing = rivals.names(stack)
        ours = (OURS[0], *([FRONT] if tools.find("caddy") else []))
        seen = {HANDED: under_load(_handed_over, HANDED, stack, SAVES)}
        for name in dict.fromkeys((*ours, *names)):
            if name not in LEFT_OUT:
                seen[name] = under_load(rivals.kept, name, stack, SAVES if name in ours else SAVES_OF_OTHERS)
        rows = [_row(name, taken, seen[HANDED], ours) for name, taken in seen.items()]
        heads = ("saves", "failed", "failed a save", "gap ms", "worst ms", "x handed over", "lost", "goal")
        table.show((stack, *heads), rows)
        failed, asked = dark(ours[0], stack)
        print(f"{ours[0]}, broken for {DARK:g} s: {failed} of {asked} requests failed")
        if missing:
            print(f"\nnot here, not measured: {', '.join(missing)} (see HYBRID_BENCH_TOOLS)")
        print()


def _row(name: str, seen: Seen, limit: Seen, ours: tuple[str, ...]) -> tuple[str, ...]:
    times = table.ratio(seen.gaps, limit.gaps) if seen.gaps else float("inf")
    goal = ""
    if name in ours:
        near = statistics.median(seen.gaps) <= FRONT_GOAL if name == FRONT else times <= GOAL
        goal = "reached" if near and not seen.failed and not seen.lost else "MISSED"
    saves = len(seen.gaps) + seen.lost
    return (
        name,
        str(saves),
        str(seen.failed),
        f"{seen.failed / saves:.1f}",
        f"{statistics.median(seen.gaps) * 1000:.1f}" if seen.gaps else "-",
        f"{max(seen.gaps) * 1000:.0f}" if seen.gaps else "-",
        f"{times:.2f}",
        str(seen.lost),
        goal,
    )


Keep = Callable[[str, str], contextlib.AbstractContextManager[Kept]]


def under_load(keep: Keep, name: str, stack: str, saves: int) -> Seen:
    """Save so many times while clients ask."""
    seen = Seen()
    with keep(name, stack) as service:
        for number in range(saves + 1):
            with Load(service.port) as load:
                time.sleep(0.2)
                since, word = time.perf_counter(), f"v{uuid.uuid4().hex[:10]}"
                service.save(word)
                taken = _live(load, word, since)
                time.sleep(0.3)
            if number == 0:
                continue  # fills the caches of builds
            seen.asked += load.asked
            seen.failed += load.failures.total()
            if taken is None:
                seen.lost += 1
            else:
                seen.gaps.append(_gap(load, since, since + taken + 0.3))
    return seen


def _live(load: Load, word: str, since: float) -> float | None:
    while time.perf_counter() - since < LIMIT:
        if load.answers[word]:
            return time.perf_counter() - since
        time.sleep(0.002)
    return None


def _gap(load: Load, since: float, until: float) -> float:
    """The longest time without an answer around one save."""
    times = sorted(at for at in load.answered if since - 0.1 <= at <= until)
    return max(after - before for before, after in itertools.pairwise(times))


def dark(name: str, stack: str) -> tuple[int, int]:
    """Break the source for a while under load; give how many requests failed, and of how many."""
    with rivals.kept(name, stack) as service, Load(service.port) as load:
        time.sleep(0.3)
        service.file.write_text(SYNTAX[stack])
        time.sleep(DARK)
    return load.failures.total(), load.asked


@contextlib.contextmanager
def _handed_over(_: str, stack: str) -> Iterator[Kept]:
    with projects.folder() as place, socket.create_server(("127.0.0.1", 0), backlog=128) as listener:
        port = listener.getsockname()[1]
        root = rivals.written(place / "web", stack)
        # Else Python would run the old code after two saves of one size within a second: nothing would be handed over.
        env = projects.environment({"PYTHONDONTWRITEBYTECODE": "1"})
        build, serve = rivals.by_hand(HANDED, stack, port, place)
        if stack == "python":
            serve = [*serve[:-2], "--fd", "3"]
        # The descriptor becomes 3 and LISTEN_PID the program's own, as the protocol of systemd wants it.
        words = ["sh", "-c", f'LISTEN_PID=$$ LISTEN_FDS=1 exec "$@" 3<&{listener.fileno()}', "sh", *serve]

        def started() -> Program:
            return Program(words, root, env, place / "log", keep=(listener.fileno(),))

        rivals.built(build, root, env)
        now = [started()]

        def by_hand() -> None:
            if not rivals.built(build, root, env):
                return
            now.append(started())
            before, _, after = sources.TEXTS[stack].partition("WORD")
            word = (root / sources.FILES[stack]).read_text().removeprefix(before).removesuffix(after)
            with contextlib.suppress(TimeoutError):
                asking.until(lambda: _said(port) == word, LIMIT)
            old = now.pop(0).child
            old.send_signal(signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                old.wait(2)
            if old.poll() is None:
                old.kill()
                old.wait()

        try:
            asking.until(lambda: asking.answers(port))
            yield Kept(stack, port, root, by_hand)
        finally:
            for program in now:
                program.stop(1.0)


def _said(port: int) -> str:
    try:
        return asking.get(port)
    except OSError:
        return ""
